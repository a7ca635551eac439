"""A file mapped into memory and handed out a window at a time: what is scanned need not be copied first.

Where a read of a file that was cut short meanwhile merely comes up short, and that of a failing disk is an error, a
mapping ends the process with SIGBUS. So each window is asked for before anybody looks at it (MADV_POPULATE_READ, Linux
5.14). Pages that vanish all the same are replaced by octets of 0xFF, with which no record can begin, and `lost` says
where.
"""
from cpython.buffer cimport PyBuffer_FillInfo
from cpython.ref cimport Py_DECREF
from cython cimport final

import os
from stat import S_ISREG
from sys import maxsize

cdef extern from *:
    """
    /* A window that is being looked at; those of all captures, which the interpreter's lock guards, are a list. */
    typedef struct Watched {
        char *begin, *end, *volatile lost;
        struct Watched *next;
    } Watched;

    #if defined(__linux__)
    #include <errno.h>
    #include <signal.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <unistd.h>
    #ifndef MADV_POPULATE_READ
    #define MADV_POPULATE_READ 22
    #endif

    static struct sigaction otherwise;
    static Watched *all_watched;

    /* Put ones in the place of the octets that are gone, from their page to the end of the window. */
    static int filled(Watched *watched, char *at) {
        size_t page = sysconf(_SC_PAGESIZE), size;
        char *from = watched->begin + (at - watched->begin) / page * page;
        size = watched->end - from;
        if (mmap(from, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != from) return 0;
        memset(from, 0xFF, size);
        watched->end = from;
        /* A page before may go next, of which the records were read already. */
        if (watched->lost == NULL) watched->lost = from;
        return 1;
    }

    static void gone(int number, siginfo_t *info, void *context) {
        char *at = info->si_addr;
        int kept = errno, sent = info->si_code <= 0;
        for (Watched *watched = all_watched; watched != NULL && !sent; watched = watched->next)
            if (at >= watched->begin && at < watched->end && filled(watched, at)) {
                errno = kept;
                return;
            }
        if (otherwise.sa_flags & SA_SIGINFO)
            otherwise.sa_sigaction(number, info, context);
        else if (otherwise.sa_handler != SIG_DFL && otherwise.sa_handler != SIG_IGN)
            otherwise.sa_handler(number);
        else if (otherwise.sa_handler == SIG_DFL || !sent) {
            /* A fault comes again as soon as this returns, a signal that somebody sent does not. */
            signal(number, SIG_DFL);
            if (sent) raise(number);
        }
    }

    /* Whether a loss would be caught; whoever handles the signal since is not asked to share it. */
    static int caught(void) {
        static int begun;
        struct sigaction action = {.sa_sigaction = gone, .sa_flags = SA_SIGINFO | SA_ONSTACK}, now;
        sigemptyset(&action.sa_mask);
        if (!begun) begun = sigaction(SIGBUS, &action, &otherwise) == 0;
        return begun && sigaction(SIGBUS, NULL, &now) == 0 && now.sa_sigaction == gone;
    }

    static void watch(Watched *watched) {
        watched->next = all_watched;
        all_watched = watched;
    }

    static void unwatch(Watched *watched) {
        Watched **place = &all_watched;
        while (*place != NULL && *place != watched) place = &(*place)->next;
        if (*place != NULL) *place = watched->next;
    }

    static char *mapped(int file, size_t size) {
        void *data = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
        return data == MAP_FAILED ? NULL : data;
    }
    static int fetched(char *at, size_t size) { return madvise(at, size, MADV_POPULATE_READ) == 0; }
    static void given_back(char *at, size_t size) { madvise(at, size, MADV_DONTNEED); }
    static void unmapped(char *at, size_t size) { munmap(at, size); }
    #else
    static int caught(void) { return 0; }
    static void watch(Watched *watched) {}
    static void unwatch(Watched *watched) {}
    static char *mapped(int file, size_t size) { return NULL; }
    static int fetched(char *at, size_t size) { return 0; }
    static void given_back(char *at, size_t size) {}
    static void unmapped(char *at, size_t size) {}
    #endif
    """
    ctypedef struct Watched:
        char *begin
        char *end
        char *lost

    bint caught()
    void watch(Watched *watched)
    void unwatch(Watched *watched)
    char *mapped(int file, size_t size)
    bint fetched(char *at, size_t size)
    void given_back(char *at, size_t size)
    void unmapped(char *at, size_t size)


@final
cdef class Windows:
    """An iterator over what stands in a file from the octet `at` on, up to `size` octets (a multiple of a page) each.

    It ends where the file does, or at the first window that cannot be mapped; plain reading goes on from `at`. The
    octets of a window are valid until the next one is asked for. Where some are lost meanwhile, a record that was
    begun before them ends in octets of 0xFF.
    """

    cdef readonly Py_ssize_t at
    cdef Py_ssize_t begin, end, size
    cdef char *data
    cdef Watched watched

    def __cinit__(self, int file, Py_ssize_t at, Py_ssize_t size=1 << 21):
        known = os.fstat(file)
        self.at = self.begin = self.end = at
        self.size = size
        if S_ISREG(known.st_mode) and 0 <= at < known.st_size <= maxsize and size > 0 and caught():
            self.data = mapped(file, known.st_size)
            if self.data is not NULL:
                self.end = known.st_size
                watch(&self.watched)

    def __dealloc__(self):
        if self.data is not NULL:
            unwatch(&self.watched)
            unmapped(self.data, self.end)

    def __iter__(self):
        return self

    def __next__(self):
        cdef Py_ssize_t size = self.size, page = self.begin - self.begin % size
        if self.begin < self.at:
            given_back(self.data + page, self.at - page)
        self.begin, page = self.at, self.at - self.at % size
        size = min(size, self.end - page)
        if self.at >= self.end or self.watched.lost is not NULL or not caught() or not fetched(self.data + page, size):
            raise StopIteration
        self.watched.begin, self.watched.end = self.data + page, self.data + page + size
        self.at = page + size
        return memoryview(self)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        # Cython has put None there, which would be held for good.
        Py_DECREF(<object> buffer.obj)
        PyBuffer_FillInfo(buffer, self, self.data + self.begin, self.at - self.begin, True, flags)

    @property
    def lost(self):
        """Where in the file octets turned out to be gone while their window was looked at; None if they did not."""
        return None if self.watched.lost is NULL else self.watched.lost - self.data
