#include "cli/progress.h"

#include "base/memory.h"
#include "base/times.h"
#include "base/units.h"
#include "cli/fields.h"
#include "cli/output.h"
#include "cli/terminal.h"

#include <stdio.h>
#include <string.h>

#define BAR_WIDTH 24
#define UPDATE_NS (100 * NS_PER_MS)

void progress_start(Progress *progress, const Cli *cli, const char *prefix) {
        *progress = (Progress){.prefix = str_dup(prefix),
                               .enabled = !cli->quiet && isatty(STDOUT_FILENO),
                               .started_ns = time_monotonic_ns()};
}

static void clear_line(Progress *progress) {
        if (progress->shown > 0) {
                printf("\r%*s\r", (int) progress->shown, "");
                progress->shown = 0;
        }
}

void progress_text(Progress *progress, const char *text) {
        _cleanup_free_ char *line = NULL;
        size_t width = terminal_width();
        if (!progress->enabled || str_equal(text, progress->last))
                return;
        str_replace(&progress->last, str_dup(text));
        line = str_is_empty(progress->prefix) ? str_dup(text)
                                              : str_printf("%s: %s", progress->prefix, text);
        if (strlen(line) >= width)
                line[width - 1] = '\0';
        clear_line(progress);
        fputs(line, stdout);
        fflush(stdout);
        progress->shown = output_width(line);
}

/* "[######      ] " before a text that has a percentage. */
static char *with_bar(const char *text) {
        const char *percent = strchr(text, '%'), *digits = percent;
        _cleanup_free_ char *number = NULL;
        char bar[BAR_WIDTH + 1];
        int64_t value;
        while (digits != NULL && digits > text && digits[-1] >= '0' && digits[-1] <= '9')
                digits--;
        if (digits == NULL || digits == percent)
                return str_dup(text);
        number = str_ndup(digits, (size_t) (percent - digits));
        if (!str_to_int64(number, &value) || value < 0 || value > 100)
                return str_dup(text);
        memset(bar, ' ', BAR_WIDTH);
        memset(bar, '#', (size_t) (value * BAR_WIDTH / 100));
        bar[BAR_WIDTH] = '\0';
        return str_printf("[%s] %s", bar, text);
}

void progress_watch(void *progress, const json_t *operation) {
        json_t *metadata = field_get(operation, "metadata");
        const char *key;
        json_t *value;
        json_object_foreach(metadata, key, value) {
                if (str_has_suffix(key, "_progress") && json_is_string(value)) {
                        _cleanup_free_ char *text = with_bar(json_string_value(value));
                        progress_text(progress, text);
                        return;
                }
        }
}

void progress_interrupted(void *progress, bool cancelled) {
        clear_line(progress);
        fflush(stdout);
        fputs(cancelled ? "Cancelling; interrupt again to stop waiting\n"
                        : "The operation can't be cancelled; interrupt again to stop waiting\n",
              stderr);
}

void progress_transfer(void *userdata, int64_t done, int64_t total) {
        Progress *progress = userdata;
        int64_t now = time_monotonic_ns(), passed = now - progress->started_ns;
        uint64_t rate = passed > 0 ? (uint64_t) ((double) done * 1e9 / (double) passed) : 0;
        _cleanup_free_ char *speed = NULL, *amount = NULL, *text = NULL, *bar = NULL;
        if (!progress->enabled || (done != total && now - progress->updated_ns < UPDATE_NS))
                return;
        progress->updated_ns = now;
        speed = units_format_bytes_decimal(rate);
        amount = units_format_bytes_decimal((uint64_t) done);
        text = total > 0 ? str_printf("%d%% (%s/s)", (int) (done * 100 / total), speed)
                         : str_printf("%s (%s/s)", amount, speed);
        bar = with_bar(text);
        progress_text(progress, bar);
}

void progress_done(Progress *progress) {
        clear_line(progress);
        fflush(stdout);
        free(progress->prefix);
        free(progress->last);
        *progress = (Progress){};
}
