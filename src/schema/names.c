#include "schema/names.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define NAME_LIMIT 255 /* of a file name, which most names become */

static int refuse(Error **err, const char *text) {
        return error_set(err, ERROR_INVALID, 0, "%s", text);
}

static bool is_dots(const char *name) {
        return str_equal(name, ".") || str_equal(name, "..");
}

static bool only(const char *name, const char *allowed) {
        return name[strspn(name, allowed)] == '\0';
}

static bool has_space(const char *name) {
        for (const char *c = name; *c != '\0'; c++)
                if (isspace((unsigned char) *c))
                        return true;
        return false;
}

static bool has_control(const char *name) {
        for (const char *c = name; *c != '\0'; c++)
                if ((unsigned char) *c < 0x20 || *c == 0x7f)
                        return true;
        return false;
}

/* What holds for every name that becomes part of a path. `what`: "Profile". */
static int check_path_part(const char *name, const char *what, const char *lower, Error **err) {
        if (str_is_empty(name))
                return refuse(err, "No name provided");
        if (strchr(name, '/') != NULL)
                return error_set(err, ERROR_INVALID, 0, "%s names may not contain slashes", what);
        if (is_dots(name))
                return error_set(err, ERROR_INVALID, 0, "Invalid %s name \"%s\"", lower, name);
        if (has_control(name))
                return error_set(err, ERROR_INVALID, 0,
                                 "%s names may not contain control characters", what);
        if (strlen(name) > NAME_LIMIT)
                return error_set(err, ERROR_INVALID, 0, "%s names may not be longer than %d bytes",
                                 what, NAME_LIMIT);
        return 0;
}

static int check_label(const char *name, Error **err) {
        size_t length = name != NULL ? strlen(name) : 0;
        if (length < 1 || length > 63)
                return refuse(err, "Name must be 1-63 characters long");
        if (name[0] == '-')
                return refuse(err, "Name must not start with \"-\" character");
        if (name[length - 1] == '-')
                return refuse(err, "Name must not end with \"-\" character");
        if (strspn(name, DIGITS) == length)
                return refuse(err, "Name cannot be a number");
        if (!only(name, LETTERS DIGITS "-"))
                return refuse(err, "Name can only contain alphanumeric and hyphen characters");
        return 0;
}

int name_check_hostname(const char *name, Error **err) {
        return check_label(name, err);
}

static int check_instance(const char *name, Error **err) {
        if (!str_is_empty(name) && isdigit((unsigned char) name[0]) && strlen(name) <= 63)
                return refuse(err, "Name must not start with a number");
        return check_label(name, err);
}

int name_check_instance(const char *name, Error **err) {
        if (name != NULL && strchr(name, '/') != NULL)
                return refuse(err, "The character \"/\" is reserved for snapshots");
        if (check_instance(name, err) < 0)
                return error_prefix(err, "Invalid instance name");
        return 0;
}

int name_check_snapshot(const char *name, Error **err) {
        if (str_is_empty(name))
                return refuse(err, "Invalid instance snapshot name: Name is required");
        if (strchr(name, '/') != NULL || has_space(name))
                return refuse(err, "Invalid instance snapshot name: "
                                   "Cannot contain space or / characters");
        if (is_dots(name))
                return error_set(err, ERROR_INVALID, 0, "Invalid instance snapshot name: \"%s\"",
                                 name);
        return check_path_part(name, "Snapshot", "snapshot", err);
}

int name_check_volume_snapshot(const char *name, Error **err) {
        if (name != NULL && strchr(name, '/') != NULL)
                return refuse(err, "Storage name cannot contain \"/\"");
        if (name != NULL && has_space(name))
                return refuse(err, "Storage name cannot contain white space");
        return check_path_part(name, "Snapshot", "snapshot", err);
}

int name_check_instance_path(const char *name, Error **err) {
        const char *slash = strchr(name, '/');
        if (slash == NULL)
                return name_check_instance(name, err);
        char instance[64];
        size_t length = (size_t) (slash - name);
        if (length >= sizeof instance)
                return refuse(err, "Invalid instance name: Name must be 1-63 characters long");
        memcpy(instance, name, length);
        instance[length] = '\0';
        if (name_check_instance(instance, err) < 0)
                return -1;
        return name_check_snapshot(slash + 1, err);
}

int name_check_backup(const char *name, Error **err) {
        return check_path_part(name, "Backup", "backup", err);
}

int name_check_profile(const char *name, Error **err) {
        return check_path_part(name, "Profile", "profile", err);
}

int name_check_project(const char *name, Error **err) {
        if (check_path_part(name, "Project", "project", err) < 0)
                return -1;
        if (has_space(name))
                return refuse(err, "Project names may not contain spaces");
        /* The on-disk name of an instance is PROJECT_NAME. */
        if (strchr(name, '_') != NULL)
                return refuse(err, "Project names may not contain underscores");
        if (strchr(name, '\'') != NULL || strchr(name, '"') != NULL)
                return refuse(err, "Project names may not contain quotes");
        if (str_equal(name, "*"))
                return refuse(err, "Reserved project name");
        return 0;
}

int name_check_pool(const char *name, Error **err) {
        if (check_path_part(name, "Storage pool", "storage pool", err) < 0)
                return -1;
        if (has_space(name))
                return refuse(err, "Storage name cannot contain white space");
        return 0;
}

int name_check_volume(const char *name, Error **err) {
        return check_path_part(name, "Storage volume", "storage volume", err);
}

int name_check_bucket(const char *name, Error **err) {
        size_t length = name != NULL ? strlen(name) : 0;
        if (length == 0)
                return refuse(err, "No name provided");
        if (length < 3 || length > 63 || !only(name, "abcdefghijklmnopqrstuvwxyz" DIGITS "-"))
                return refuse(err, "Bucket name must be between 3 and 63 lowercase letters, "
                                   "numbers and hyphens");
        if (name[0] == '-' || name[length - 1] == '-')
                return refuse(err, "Bucket name must start and end with a letter or number");
        return 0;
}

int name_check_image_alias(const char *name, Error **err) {
        if (str_is_empty(name))
                return refuse(err, "name and target are required");
        if (has_control(name) || strlen(name) > NAME_LIMIT)
                return error_set(err, ERROR_INVALID, 0,
                                 "Image alias names are 1 to %d printable characters", NAME_LIMIT);
        return 0;
}

int name_check_device(const char *name, Error **err) {
        size_t length = name != NULL ? strlen(name) : 0;
        if (length > 64)
                return refuse(err, "The maximum device name length is 64 characters");
        if (length < 1 || length > 63)
                return refuse(err, "Name must be 1-63 characters long");
        if (name[0] == '.')
                return refuse(err, "Name must not start with \".\" character");
        if (!only(name, LETTERS DIGITS "/-:_."))
                return refuse(err, "Name can only contain alphanumeric, forward slash, hyphen, "
                                   "colon, underscore and full stop characters");
        return 0;
}

int name_check_interface(const char *name, Error **err) {
        size_t length = name != NULL ? strlen(name) : 0;
        if (length < 2)
                return refuse(err, "Network interface is too short (minimum 2 characters)");
        if (length > 15)
                return refuse(err, "Network interface is too long (maximum 15 characters)");
        if (is_dots(name) || !only(name, LETTERS DIGITS "-_.:"))
                return refuse(err, "Network interface contains invalid characters");
        return 0;
}

int name_check_network(const char *name, Error **err) {
        if (str_is_empty(name))
                return refuse(err, "No name provided");
        if (strchr(name, ':') != NULL)
                return refuse(err, "Network interface contains invalid characters");
        return name_check_interface(name, err);
}

int name_check_plain_network(const char *name, Error **err) {
        if (check_path_part(name, "Network", "network", err) < 0)
                return -1;
        if (strlen(name) > 63 || !only(name, LETTERS DIGITS "-_."))
                return refuse(err, "Network name contains invalid characters");
        return 0;
}

int name_check_acl(const char *name, Error **err) {
        if (str_is_empty(name))
                return refuse(err, "Name is required");
        /* A rule's subject of such a form would mean the name, not the network. */
        if (name[0] == '@' || name[0] == '#')
                return error_set(err, ERROR_INVALID, 0, "Name cannot start with reserved "
                                                        "character \"%c\"", name[0]);
        return check_instance(name, err);
}

int name_check_zone(const char *name, Error **err) {
        if (str_is_empty(name))
                return refuse(err, "Name is required");
        if (strlen(name) > 253 || !only(name, LETTERS DIGITS "-._") || name[0] == '.' ||
            strstr(name, "..") != NULL)
                return error_set(err, ERROR_INVALID, 0, "Invalid zone name \"%s\"", name);
        return 0;
}

int name_check_member(const char *name, Error **err) {
        return check_path_part(name, "Cluster member", "cluster member", err);
}

int name_check_cluster_group(const char *name, Error **err) {
        if (check_path_part(name, "Cluster group", "cluster group", err) < 0)
                return -1;
        if (has_space(name))
                return refuse(err, "Cluster group names may not contain spaces");
        return 0;
}
