"""The types of what is counted in `asked.py` when it is compiled."""

cimport cython


cdef class Tally:
    cdef public long long count, first, last, with_credentials
    cdef public object last_place, place

    cpdef object add(self, long long time, object place, bint credentials)


cdef class Named:
    cdef public long long first, last, refused, requests, succeeded
    cdef public object last_place, place


cdef class Asked:
    cdef public object elsewhere, expires, flow, kind, last_answer, lifetime, mapped, nominated, nominated_place, place, relayed
    cdef public object role, run, silent_place, silent_since, slowest, software, username
    cdef public long long answered, answered_elsewhere, began, first, indications, last, requests, role_changes, silent, timed, used
    cdef public double round_trips
    cdef public bint closed, fingerprint_wrong
    cdef public dict outcomes, peers, usernames
    cdef public tuple outages

    @cython.locals(first=object, since=object)
    cpdef object to_report(self)
