/* The names behind ids, from the pci.ids and usb.ids files that distributions have. */
#pragma once

#include <stddef.h>

typedef struct IdNames {
        char *text; /* of the file; NULL: there is none, nothing has a name */
} IdNames;

/* `paths`: NULL-ended, the first that exists. */
void id_names_load(IdNames *names, const char *root, const char *const *paths);
void id_names_done(IdNames *names);
/* Ids are four hexadecimal digits. The caller frees; NULL: unknown. `product` NULL: the vendor. */
char *id_names_find(const IdNames *names, const char *vendor, const char *product);
/* Of USB: a class and its subclass (NULL: the class), two digits each. */
char *id_names_class(const IdNames *names, const char *class, const char *subclass);
