/* The log: level, message, key=value context; to stderr, a file, syslog and one subscriber (the
 * event hub). Thread-safe. Together with daemon/ the only holder of file-scope state. */
#pragma once

#include "base/error.h"

typedef enum LogLevel {
        LOG_LEVEL_TRACE,
        LOG_LEVEL_DEBUG,
        LOG_LEVEL_INFO,
        LOG_LEVEL_WARNING,
        LOG_LEVEL_ERROR,
        _LOG_LEVEL_MAX,
} LogLevel;

/* Called for each record at or above debug; must not log. `context` is a NULL-ended list of
 * key, value, key, value…; borrowed. */
typedef void (*LogSubscriber)(void *userdata, LogLevel level, const char *message,
                              const char *const *context);

void log_set_level(LogLevel level); /* what is written; warning until set */
void log_set_stderr(bool enabled);
int log_open_file(const char *path, Error **err) _must_check_; /* appends; 0600 */
void log_open_syslog(const char *identifier);
void log_subscribe(LogSubscriber subscriber, void *userdata); /* NULL ends it */
bool log_is_wanted(LogLevel level); /* somebody reads records of this level */
const char *log_level_name(LogLevel level); /* as LXD's logging events spell it */

void log_record(LogLevel level, const char *const *context, const char *format, ...)
        _printf_(3, 4);

/* log_warning("message %s", x); with context: log_with(LOG_LEVEL_INFO, CONTEXT("key", value), …) */
#define CONTEXT(...) ((const char *const[]){__VA_ARGS__, NULL})
#define log_with(level, context, ...) log_record((level), (context), __VA_ARGS__)
#define log_debug(...) log_record(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)
#define log_info(...) log_record(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_warning(...) log_record(LOG_LEVEL_WARNING, NULL, __VA_ARGS__)
#define log_error(...) log_record(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
