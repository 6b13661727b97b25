/* metadata.yaml and templates/ of an instance. */
#pragma once

#include "instance/instance.h"

/* The document as the API shows it; a new reference. */
int instance_metadata_get(Instances *instances, const Instance *instance, json_t **ret,
                          Error **err) _must_check_;
int instance_metadata_set(Instances *instances, const Instance *instance, const json_t *metadata,
                          Error **err) _must_check_;
int instance_template_list(Instances *instances, const Instance *instance, StrList *ret,
                           Error **err) _must_check_;
int instance_template_get(Instances *instances, const Instance *instance, const char *name,
                          char **ret_data, size_t *ret_size, Error **err) _must_check_;
int instance_template_set(Instances *instances, const Instance *instance, const char *name,
                          const void *data, size_t size, Error **err) _must_check_;
int instance_template_delete(Instances *instances, const Instance *instance, const char *name,
                             Error **err) _must_check_;
