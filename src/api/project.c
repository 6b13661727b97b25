#include "api/project.h"

const JsonField api_projects_post_fields[] = {
        JSON_STRMAP(ApiProjectsPost, config, 0),
        JSON_STRING(ApiProjectsPost, description, 0),
        JSON_STRING(ApiProjectsPost, name, 0),
        JSON_STRING(ApiProjectsPost, storage, JSON_OMIT_EMPTY),
        JSON_STRING(ApiProjectsPost, network, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_project_post_fields[] = {
        JSON_STRING(ApiProjectPost, name, 0),
        JSON_END,
};

const JsonField api_project_put_fields[] = {
        JSON_STRMAP(ApiProjectPut, config, 0),
        JSON_STRING(ApiProjectPut, description, 0),
        JSON_END,
};

const JsonField api_project_fields[] = {
        JSON_STRMAP(ApiProject, config, 0),
        JSON_STRING(ApiProject, description, 0),
        JSON_STRING(ApiProject, name, 0),
        JSON_STRLIST(ApiProject, used_by, 0),
        JSON_STRLIST(ApiProject, access_entitlements, JSON_OMIT_EMPTY),
        JSON_END,
};

const JsonField api_project_state_resource_fields[] = {
        JSON_INTEGER_AS(ApiProjectStateResource, limit, "Limit", 0),
        JSON_INTEGER_AS(ApiProjectStateResource, usage, "Usage", 0),
        JSON_END,
};

const JsonField api_project_state_fields[] = {
        JSON_MAP(ApiProjectState, resources, ApiProjectStateResource,
                 api_project_state_resource_fields, 0),
        JSON_END,
};
