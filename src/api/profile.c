#include "api/profile.h"

const JsonField api_profiles_post_fields[] = {
        JSON_STRMAP(ApiProfilesPost, config, 0),
        JSON_STRING(ApiProfilesPost, description, 0),
        JSON_DEVICEMAP(ApiProfilesPost, devices, 0),
        JSON_STRING(ApiProfilesPost, name, 0),
        JSON_END,
};

const JsonField api_profile_post_fields[] = {
        JSON_STRING(ApiProfilePost, name, 0),
        JSON_END,
};

const JsonField api_profile_put_fields[] = {
        JSON_STRMAP(ApiProfilePut, config, 0),
        JSON_STRING(ApiProfilePut, description, 0),
        JSON_DEVICEMAP(ApiProfilePut, devices, 0),
        JSON_END,
};

const JsonField api_profile_fields[] = {
        JSON_STRMAP(ApiProfile, config, 0),
        JSON_STRING(ApiProfile, description, 0),
        JSON_DEVICEMAP(ApiProfile, devices, 0),
        JSON_STRING(ApiProfile, name, 0),
        JSON_STRLIST(ApiProfile, used_by, 0),
        JSON_STRING(ApiProfile, project, JSON_OMIT_EMPTY),
        JSON_END,
};
