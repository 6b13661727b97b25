/* A thread waits for them with sigwait(): signalfd would be Linux only, and a handler would need
 * state of the whole program. */
#include "cli/signals.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#define STOP_SIGNAL SIGURG /* nobody sends it, and its default is to do nothing */

struct Signals {
        sigset_t set;
        sigset_t before;
        pthread_t thread;
        int pipe[2];
};

static void *wait_for_signals(void *data) {
        Signals *signals = data;
        for (;;) {
                int number;
                char byte;
                if (sigwait(&signals->set, &number) != 0)
                        continue;
                if (number == STOP_SIGNAL)
                        return NULL;
                byte = (char) number;
                (void) !write(signals->pipe[1], &byte, 1);
        }
}

int signals_open(const int *numbers, Signals **ret, Error **err) {
        Signals *signals = mem_new(Signals);
        sigemptyset(&signals->set);
        sigaddset(&signals->set, STOP_SIGNAL);
        for (size_t i = 0; numbers[i] != 0; i++)
                sigaddset(&signals->set, numbers[i]);
        if (pipe(signals->pipe) < 0) {
                int number = errno;
                free(signals);
                return error_errno(err, number, "Cannot make a pipe");
        }
        (void) fcntl(signals->pipe[0], F_SETFL, O_NONBLOCK);
        (void) fcntl(signals->pipe[0], F_SETFD, FD_CLOEXEC);
        (void) fcntl(signals->pipe[1], F_SETFD, FD_CLOEXEC);
        pthread_sigmask(SIG_BLOCK, &signals->set, &signals->before);
        if (pthread_create(&signals->thread, NULL, wait_for_signals, signals) != 0) {
                pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
                fd_close(&signals->pipe[0]);
                fd_close(&signals->pipe[1]);
                free(signals);
                return error_set(err, ERROR_SYSTEM, EAGAIN, "Cannot start a thread");
        }
        *ret = signals;
        return 0;
}

void signals_free(Signals *signals) {
        if (signals == NULL)
                return;
        pthread_kill(signals->thread, STOP_SIGNAL);
        pthread_join(signals->thread, NULL);
        pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
        fd_close(&signals->pipe[0]);
        fd_close(&signals->pipe[1]);
        free(signals);
}

int signals_fd(const Signals *signals) {
        return signals->pipe[0];
}

int signals_next(const Signals *signals) {
        char number;
        return read(signals->pipe[0], &number, 1) == 1 ? number : 0;
}
