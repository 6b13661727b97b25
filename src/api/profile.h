/* /1.0/profiles. Conventions: api/api.h. */
#pragma once

#include "api/api.h"

typedef struct ApiProfilesPost {
        StrMap config;
        char *description;
        DeviceMap devices;
        char *name;
} ApiProfilesPost;
API_STRUCT(ApiProfilesPost, api_profiles_post)
JSON_DEFINE_LIST(ApiProfilesPost);

typedef struct ApiProfilePost {
        char *name;
} ApiProfilePost;
API_STRUCT(ApiProfilePost, api_profile_post)

typedef struct ApiProfilePut {
        StrMap config;
        char *description;
        DeviceMap devices;
} ApiProfilePut;
API_STRUCT(ApiProfilePut, api_profile_put)

typedef struct ApiProfile {
        StrMap config;
        char *description;
        DeviceMap devices;
        char *name;
        StrList used_by;
        char *project;
} ApiProfile;
API_STRUCT(ApiProfile, api_profile)
