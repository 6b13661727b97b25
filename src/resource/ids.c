#include "resource/ids.h"

#include "base/files.h"
#include "base/memory.h"

#include <string.h>

#define FILE_LIMIT ((size_t) 64 << 20)

void id_names_load(IdNames *names, const char *root, const char *const *paths) {
        for (size_t i = 0; paths[i] != NULL && names->text == NULL; i++) {
                _cleanup_free_ char *path = str_printf("%s%s", root, paths[i]);
                if (file_read(path, FILE_LIMIT, &names->text, NULL, NULL) < 0)
                        names->text = NULL;
        }
}

void id_names_done(IdNames *names) {
        free(names->text);
        names->text = NULL;
}

static const char *next_line(const char *line) {
        const char *end = strchr(line, '\n');
        return end != NULL ? end + 1 : line + strlen(line);
}

/* A line PREFIX + ID + blanks + name, from `from` on and before a line that is indented less. */
static const char *find_line(const char *from, const char *prefix, const char *id) {
        size_t indent = strspn(prefix, "\t"), length = strlen(prefix), size = strlen(id);
        for (const char *line = from; *line != '\0'; line = next_line(line)) {
                if (*line == '#' || *line == '\n')
                        continue;
                if (indent > 0 && strspn(line, "\t") < indent)
                        return NULL;
                if (strncmp(line, prefix, length) == 0 &&
                    strncasecmp(line + length, id, size) == 0 && line[length + size] == ' ')
                        return line;
        }
        return NULL;
}

static char *name_of(const char *line) {
        const char *start = line + strspn(line, "\t");
        if (str_has_prefix(start, "C "))
                start += 2;
        start += strcspn(start, " \n");
        start += strspn(start, " ");
        return str_ndup(start, strcspn(start, "\n"));
}

static char *find(const char *text, const char *prefix, const char *outer, const char *inner) {
        const char *line = text != NULL ? find_line(text, prefix, outer) : NULL;
        if (line != NULL && inner != NULL)
                line = find_line(next_line(line), "\t", inner);
        return line != NULL ? name_of(line) : NULL;
}

char *id_names_find(const IdNames *names, const char *vendor, const char *product) {
        return vendor != NULL ? find(names->text, "", vendor, product) : NULL;
}

char *id_names_class(const IdNames *names, const char *class, const char *subclass) {
        return class != NULL ? find(names->text, "C ", class, subclass) : NULL;
}
