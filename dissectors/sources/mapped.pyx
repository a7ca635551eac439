"""A file mapped into memory and handed out a window at a time: what is scanned need not be copied first.

Where a read of a file that was cut short meanwhile merely comes up short, and that of a failing disk is an error, a
mapping ends the process with SIGBUS. So each window is asked for before anybody looks at it (MADV_POPULATE_READ, Linux
5.14), and one that is lost all the same then reads as octets of ones, which begin no record of any format, and says so.
"""
from cpython.buffer cimport PyBuffer_FillInfo
from cython cimport final

import os
from stat import S_ISREG

cdef extern from *:
    """
    #if defined(__linux__)
    #include <errno.h>
    #include <signal.h>
    #include <stdint.h>
    #include <string.h>
    #include <sys/mman.h>
    #include <unistd.h>
    #ifndef MADV_POPULATE_READ
    #define MADV_POPULATE_READ 22
    #endif

    static struct sigaction otherwise;
    static __thread struct { char *begin, *end; char *volatile lost; } watched;

    /* Put ones in the place of the octets that are gone, from their page to the end of the window. */
    static void gone(int number, siginfo_t *info, void *context) {
        char *at = info->si_addr;
        if (at >= watched.begin && at < watched.end) {
            int kept = errno;
            char *page = watched.begin + (at - watched.begin) / sysconf(_SC_PAGESIZE) * sysconf(_SC_PAGESIZE);
            size_t size = watched.end - page;
            if (mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page) {
                memset(page, 0xFF, size);
                watched.lost = page;
                watched.end = page;
                errno = kept;
                return;
            }
        }
        if (otherwise.sa_flags & SA_SIGINFO)
            otherwise.sa_sigaction(number, info, context);
        else if (otherwise.sa_handler != SIG_DFL && otherwise.sa_handler != SIG_IGN)
            otherwise.sa_handler(number);
        else
            signal(number, SIG_DFL);
    }

    static int watch(char *begin, char *end) {
        static int watching;
        if (!watching) {
            struct sigaction action = {.sa_sigaction = gone, .sa_flags = SA_SIGINFO | SA_ONSTACK};
            sigemptyset(&action.sa_mask);
            watching = sigaction(SIGBUS, &action, &otherwise) == 0;
        }
        watched.begin = begin;
        watched.end = end;
        watched.lost = NULL;
        return watching;
    }

    static Py_ssize_t lost_behind(char *begin) { return watched.lost == NULL ? -1 : watched.lost - begin; }
    static char *mapped(int file, size_t size) {
        void *data = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
        return data == MAP_FAILED ? NULL : data;
    }
    static int fetched(char *at, size_t size) { return madvise(at, size, MADV_POPULATE_READ) == 0; }
    static void given_back(char *at, size_t size) { madvise(at, size, MADV_DONTNEED); }
    static void unmapped(char *at, size_t size) { munmap(at, size); }
    #else
    static int watch(char *begin, char *end) { return 0; }
    static Py_ssize_t lost_behind(char *begin) { return -1; }
    static char *mapped(int file, size_t size) { return NULL; }
    static int fetched(char *at, size_t size) { return 0; }
    static void given_back(char *at, size_t size) {}
    static void unmapped(char *at, size_t size) {}
    #endif
    """
    bint watch(char *begin, char *end)
    Py_ssize_t lost_behind(char *begin)
    char *mapped(int file, size_t size)
    bint fetched(char *at, size_t size)
    void given_back(char *at, size_t size)
    void unmapped(char *at, size_t size)


@final
cdef class Windows:
    """An iterator over what stands in a file from the octet `at` on; it ends where the file does, or cannot be mapped.

    The octets of a window are valid until the next one is asked for. `at` tells where that would begin.
    """

    SIZE = 1 << 21

    cdef readonly Py_ssize_t at
    cdef Py_ssize_t begin, end
    cdef char *data

    def __init__(self, int file, Py_ssize_t at):
        known = os.fstat(file)
        self.at = self.begin = at
        self.end = known.st_size if S_ISREG(known.st_mode) and known.st_size > at else at
        if self.end > at:
            self.data = mapped(file, self.end)
            if self.data is NULL:
                self.end = at

    def __dealloc__(self):
        if self.data is not NULL:
            watch(NULL, NULL)
            unmapped(self.data, self.end)

    def __iter__(self):
        return self

    def __next__(self):
        cdef Py_ssize_t size = self.SIZE, page = self.begin - self.begin % size
        if self.begin < self.at:
            given_back(self.data + page, self.at - page)
        self.begin, page = self.at, self.at - self.at % size
        size = min(size, self.end - page)
        if self.at >= self.end or self.lost is not None or not fetched(self.data + page, size):
            raise StopIteration
        if not watch(self.data + page, self.data + page + size):
            raise StopIteration
        self.at = page + size
        return memoryview(self)

    def __getbuffer__(self, Py_buffer *buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.data + self.begin, self.at - self.begin, True, flags)

    @property
    def lost(self):
        """Where in the file the octets of this window, or the one before, turned out to be gone; None if they are not."""
        cdef Py_ssize_t place = lost_behind(self.data) if self.data is not NULL else -1
        return place if 0 <= place < self.end else None
