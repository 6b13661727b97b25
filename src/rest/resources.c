/* /1.0/resources */
#include "rest/table.h"

#include "rest/context.h"
#include "resource/resource.h"

static int resources_get(RestRequest *request, Error **err) {
        _cleanup_(api_resources_done) ApiResources resources;
        const char *root = getenv("BERTH_TEST_ROOT");
        if (resources_load(root != NULL ? root : "", &resources, err) < 0)
                return -1;
        return rest_reply_sync(request, api_resources_to_json(&resources));
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/resources",
                .get = {resources_get, REST_TRUSTED},
        },
};

const RestTable rest_resources_table = {endpoints, ARRAY_SIZE(endpoints)};
