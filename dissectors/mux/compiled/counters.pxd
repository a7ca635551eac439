from cython cimport final
from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t

cdef enum:
    CLOCKS_KEPT = 8
    PROFILES_KEPT = 8


cdef struct Step:
    int64_t step
    int64_t count


cdef struct Phase:
    int64_t payload_type
    int64_t first
    int64_t last
    int64_t packets


cdef struct Size:
    int64_t payload_type
    int64_t packets
    int64_t octets
    int64_t smallest
    int64_t largest


@final
cdef class Counters:
    cdef readonly uint32_t ssrc
    cdef public list flows
    cdef public bint confirmed, encrypted
    cdef public str evidence
    cdef readonly int64_t packets, octets, first, last, base, highest, expected_before
    cdef readonly int64_t duplicates, reordered, restarts, largest_gap, largest_gap_at, markers
    cdef readonly int64_t other_steps, other_ticks, run, runs, longest_run
    cdef readonly int64_t jumps, origin, elapsed, samples, bucket, bucket_end
    cdef readonly double sum_time, sum_ticks, sum_square, sum_product
    cdef readonly dict events
    cdef readonly list timeline
    cdef readonly uint32_t timestamp, first_timestamp
    cdef readonly int payload_type, sequence
    cdef int64_t first_file, first_number, last_file, last_number
    cdef uint64_t window_low, window_high
    cdef int unexpected
    cdef uint16_t[PROFILES_KEPT] profile
    cdef int profiles_kept, steps_kept, phases_kept, sizes_kept, likely_step, likely_size
    cdef double[CLOCKS_KEPT] jitters
    cdef double[CLOCKS_KEPT] maxima
    cdef Step *step
    cdef Phase *phase
    cdef Size *size
    cdef int count(
        self, const unsigned char[::1] octets, Py_ssize_t start, Py_ssize_t captured, int64_t length, int64_t time,
        int64_t file, int64_t frame,
    ) except -1
    cdef int payload(
        self, const unsigned char[::1] octets, Py_ssize_t start, Py_ssize_t captured, int64_t length, int64_t time,
        int payload_type, uint32_t timestamp,
    ) except -1
    cdef void profiled(self, int profile) noexcept
    cdef int sized(self, int payload_type, int64_t size) except -1
    cdef int arrival(self, int64_t time, uint32_t timestamp, int sequence) except -1
    cdef int stepped(self, int64_t step) except -1
    cdef void sample(self, int64_t time, int64_t step, double seconds) noexcept
    cdef int fill(self, int64_t time) except -1
    cdef void numbered(self, int sequence) noexcept
    cdef bint came(self, int place) noexcept
    cdef void settle(self, int step) noexcept
    cdef void close_run(self) noexcept
    cdef void behind(self, int distance) noexcept
    cdef void restart(self, int sequence) noexcept
    cdef int typed(self, int payload_type, int64_t time) except -1
