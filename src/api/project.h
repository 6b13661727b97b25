/* /1.0/projects and their state. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiProjectsPost {
        StrMap config;
        char *description;
        char *name;
        char *storage;
        char *network;
} ApiProjectsPost;
API_STRUCT(ApiProjectsPost, api_projects_post)
JSON_DEFINE_LIST(ApiProjectsPost);

typedef struct ApiProjectPost {
        char *name;
} ApiProjectPost;
API_STRUCT(ApiProjectPost, api_project_post)

typedef struct ApiProjectPut {
        StrMap config;
        char *description;
} ApiProjectPut;
API_STRUCT(ApiProjectPut, api_project_put)

typedef struct ApiProject {
        StrMap config;
        char *description;
        char *name;
        StrList used_by;
        StrList access_entitlements;
} ApiProject;
API_STRUCT(ApiProject, api_project)

typedef struct ApiProjectStateResource {
        int64_t limit;
        int64_t usage;
} ApiProjectStateResource;
API_STRUCT(ApiProjectStateResource, api_project_state_resource)
JSON_DEFINE_MAP(ApiProjectStateResource);

typedef struct ApiProjectState {
        ApiProjectStateResourceMap resources;
} ApiProjectState;
API_STRUCT(ApiProjectState, api_project_state)
