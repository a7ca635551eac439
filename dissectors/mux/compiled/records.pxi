# What a capture may hold as a record that is read here: a larger one, or a later one, is read by `wire.captures`.

cdef enum:
    MAX_INTERFACES = 16
    EPB = 6

cdef int64_t LARGEST = MAX_RECORD_OCTETS, LAST_MOMENT = MAX_TIME_NS


cdef struct Interface:
    int link
    int64_t times
    int64_t offset
    int64_t count
