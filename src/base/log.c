#include "base/log.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/times.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

static struct {
        pthread_mutex_t lock;
        LogLevel level;
        bool to_stderr;
        bool to_syslog;
        int file;
        LogSubscriber subscriber;
        void *userdata;
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .level = LOG_LEVEL_WARNING,
            .to_stderr = true,
            .file = -1};

static const char *const level_names[_LOG_LEVEL_MAX] = {"trace", "debug", "info", "warning",
                                                        "error"};
static const int level_priorities[_LOG_LEVEL_MAX] = {LOG_DEBUG, LOG_DEBUG, LOG_INFO, LOG_WARNING,
                                                     LOG_ERR};

void log_set_level(LogLevel level) {
        __atomic_store_n(&logger.level, level, __ATOMIC_RELAXED);
}

void log_set_stderr(bool enabled) {
        logger.to_stderr = enabled;
}

int log_open_file(const char *path, Error **err) {
        int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_errno(err, errno, "Cannot open log file %s", path);
        pthread_mutex_lock(&logger.lock);
        fd_close(&logger.file);
        logger.file = fd;
        pthread_mutex_unlock(&logger.lock);
        return 0;
}

void log_open_syslog(const char *identifier) {
        openlog(identifier, LOG_PID, LOG_DAEMON);
        logger.to_syslog = true;
}

void log_subscribe(LogSubscriber subscriber, void *userdata) {
        pthread_mutex_lock(&logger.lock);
        __atomic_store_n(&logger.subscriber, subscriber, __ATOMIC_RELAXED);
        logger.userdata = userdata;
        pthread_mutex_unlock(&logger.lock);
}

const char *log_level_name(LogLevel level) {
        return level < _LOG_LEVEL_MAX ? level_names[level] : "unknown";
}

static char *format_line(LogLevel level, const char *const *context, const char *message) {
        _cleanup_strbuf_ StrBuf line = {};
        char stamp[TIME_TEXT_SIZE];
        strbuf_printf(&line, "time=\"%s\" level=%s msg=\"%s\"",
                      time_format_rfc3339(time_now_ns(), stamp), level_names[level], message);
        for (size_t i = 0; context != NULL && context[i] != NULL && context[i + 1] != NULL; i += 2)
                strbuf_printf(&line, " %s=\"%s\"", context[i], context[i + 1]);
        strbuf_add_char(&line, '\n');
        return strbuf_take(&line);
}

bool log_is_wanted(LogLevel level) {
        return level >= __atomic_load_n(&logger.level, __ATOMIC_RELAXED) ||
               (level >= LOG_LEVEL_DEBUG &&
                __atomic_load_n(&logger.subscriber, __ATOMIC_RELAXED) != NULL);
}

void log_record(LogLevel level, const char *const *context, const char *format, ...) {
        if (!log_is_wanted(level))
                return;
        bool written = level >= __atomic_load_n(&logger.level, __ATOMIC_RELAXED);
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *message = str_vprintf(format, arguments);
        va_end(arguments);
        pthread_mutex_lock(&logger.lock);
        if (written) {
                _cleanup_free_ char *line = format_line(level, context, message);
                if (logger.to_stderr)
                        (void) !write(STDERR_FILENO, line, strlen(line));
                if (logger.file >= 0)
                        (void) !write(logger.file, line, strlen(line));
                if (logger.to_syslog)
                        syslog(level_priorities[level], "%s", message);
        }
        LogSubscriber subscriber = logger.subscriber;
        void *userdata = logger.userdata;
        pthread_mutex_unlock(&logger.lock);
        if (subscriber != NULL && level >= LOG_LEVEL_DEBUG)
                subscriber(userdata, level, message, context);
}
