"""The types of what is counted in `rtcp.py` when it is compiled."""

cimport cython

from dissectors.limits.pending cimport Pending
from dissectors.mux.entry cimport Entry
from dissectors.protocols.rtcp_reports cimport cumulative, number_at


@cython.final
cdef class BySource:
    cdef object _values, _only

    cpdef object use(self, object ssrc, object hosts)
    cpdef object set(self, object ssrc, object hosts, object value)

    @cython.locals(known=list, found=list)
    cpdef list of(self, object ssrc, object pairs, bint alone)


@cython.final
cdef class Clocked:
    cdef readonly long long file, frame, time
    cdef readonly unsigned long long ntp
    cdef readonly unsigned int timestamp


@cython.locals(made=Clocked)
cpdef Clocked clocks(
    long long time, unsigned long long ntp, unsigned int timestamp, long long file, long long frame
)


cdef class Heard:
    cdef public long long cumulative_lost, first, highest, in_milliseconds, jitter, last, lost_at_first, reports
    cdef public long long round_trips
    cdef public double fraction_lost
    cdef public object flow, mos, place, round_trip


cdef class Covered:
    cdef public long long clear, encrypted, used
    cdef public object hosts, place


cdef class Control:
    cdef public object _covered, _flow, _transport
    cdef BySource _clocked, _heard, _said_bye, _told
    cdef readonly Pending sent
    cdef public dict _either_way, _readers
    cdef public long long _datagrams, _file, _frame

    cpdef object feed(self, object datagram, object compound)

    @cython.locals(
        at=Py_ssize_t, blocks=Py_ssize_t, jitter=cython.longlong, leaving=tuple, losses=cython.longlong,
        lsr=cython.longlong, ntp=cython.ulonglong, payload=bytes, time=cython.longlong,
    )
    cpdef object hold(self, Entry entry, tuple glanced)

    @cython.locals(covered=Covered)
    cpdef Covered _cover(self, object flow, bint encrypted)

    cpdef Covered _new(self, object flow)
    @cython.locals(known=Heard)
    cpdef Heard _source(self, object ssrc, object hosts)

    cpdef object _sender_report(self, long long time, object hosts, object packet)

    @cython.locals(known=list)
    cpdef object _sender(
        self, long long time, object hosts, object ssrc, unsigned long long ntp, unsigned int timestamp
    )

    cpdef object _receiver_report(self, long long time, object hosts, object packet)

    @cython.locals(heard=Heard)
    cpdef object _report(
        self, long long time, object hosts, object ssrc, double fraction_lost, long long lost, long long highest,
        long long jitter, long long lsr, double dlsr
    )
