/* What a project holds, for the files of this folder. */
#pragma once

#include "project/project.h"

typedef struct ProjectContent {
        ProjectRow project;
        ProfileRowList profiles;   /* those its instances use */
        InstanceRowList instances; /* config and devices expanded once it is prepared */
        ProjectVolumeList volumes; /* custom ones */
} ProjectContent;

void project_content_done(ProjectContent *content);
bool project_is_restricted(const StrMap *config);

/* Limits. `new_row` (may be NULL) is not among the instances yet. */
int project_check_counts(const ProjectContent *content, const InstanceRow *new_row, Error **err)
        _must_check_;
int project_check_sums(const ProjectContent *content, Error **err) _must_check_;
/* The limits of `content->project` that differ from `before`, against what is there. */
int project_check_lowered(const ProjectContent *content, const StrMap *before, Error **err)
        _must_check_;
/* The sum for "limits.disk" and the like. With `lenient`, what has no value counts as nothing. */
int project_sum(const ProjectContent *content, const char *key, bool lenient, int64_t *ret,
                Error **err) _must_check_;
int64_t project_count(const ProjectContent *content, InstanceType type);

int project_check_restrictions(const ProjectContent *content, Error **err) _must_check_;
/* volatile.* that the caller may not set. */
int project_check_volatile(const ProjectContent *content, const InstanceRow *row,
                           const StrMap *before, Error **err) _must_check_;
