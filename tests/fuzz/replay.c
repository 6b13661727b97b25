/* Without libFuzzer a target is a unit test: it is given every file of its seed folder. */
#include "base/files.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_folder(const char *folder) {
        _cleanup_strlist_ StrList names = {0};
        _cleanup_error_ Error *error = NULL;
        if (directory_list(folder, &names, &error) < 0) {
                printf("not ok seeds of %s: %s\n", folder, error_message(error));
                return 1;
        }
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = path_join(folder, names.items[i]);
                _cleanup_free_ char *data = NULL;
                size_t size;
                if (file_read(path, 0, &data, &size, &error) < 0) {
                        printf("not ok %s: %s\n", path, error_message(error));
                        return 1;
                }
                (void) LLVMFuzzerTestOneInput((const uint8_t *) data, size);
                printf("ok %s\n", names.items[i]);
        }
        return 0;
}

int main(int argc, char **argv) {
        int failed = 0;
        (void) LLVMFuzzerTestOneInput((const uint8_t *) "", 0);
        printf("ok empty input\n");
        for (int i = 1; i < argc; i++)
                failed |= replay_folder(argv[i]);
        return failed;
}
