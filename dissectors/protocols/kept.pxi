# What lines and other texts were read to, kept by their octets; behind `texts.pxi`.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyTypeObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_SET_ITEM
from cython cimport no_gc
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy

from dissectors.limits.remembered import MAX_TEXT_LENGTH

cdef extern from "Python.h":
    object PyType_GenericAlloc(PyTypeObject *type, Py_ssize_t items)

cdef enum:
    SLOTS = 512
    # A list of so many places keeps in each the latest of the texts whose sums name it.

cdef Py_ssize_t LONGEST = MAX_TEXT_LENGTH


@no_gc
cdef class Kept:
    """A text, and the value that it was read to."""

    cdef bytes octets
    cdef uint64_t sum
    cdef object value


cdef inline uint64_t mixed(uint64_t sum, uint64_t word) noexcept:
    sum = (sum ^ word) * <uint64_t> 0x9E3779B97F4A7C15
    return sum ^ sum >> 32


cdef inline Py_ssize_t place_of(uint64_t sum) noexcept:
    return <Py_ssize_t> (sum >> 32 & (SLOTS - 1))


cdef inline uint64_t sum_of(Text said) noexcept:
    """A number that tells texts apart."""
    cdef uint64_t sum = said.size, word = 0
    cdef Py_ssize_t at
    if said.size < 8:
        memcpy(&word, said.at, said.size)
    else:
        for at in range(0, said.size - 8, 8):
            memcpy(&word, said.at + at, 8)
            sum = mixed(sum, word)
        memcpy(&word, said.at + said.size - 8, 8)
    return mixed(mixed(sum, word), 0)


cdef inline Kept recalled(list table, Text said, uint64_t sum):
    """What is kept of these octets; None where nothing is."""
    cdef Kept kept = <Kept> table[place_of(sum)]
    if kept is None or kept.sum != sum or PyBytes_GET_SIZE(kept.octets) != said.size:
        return None
    return None if memcmp(PyBytes_AS_STRING(kept.octets), said.at, said.size) else kept


cdef int keep(list table, Kept made, Text said, uint64_t sum) except -1:
    """Keep what was made of these octets, if they are not too many."""
    if said.size <= LONGEST:
        made.octets, made.sum = PyBytes_FromStringAndSize(said.at, said.size), sum
        table[place_of(sum)] = made
    return 0


cdef inline object named_tuple(kind, Py_ssize_t count):
    """A named tuple that has yet to be filled: `tuple.__new__` takes four times as long."""
    return PyType_GenericAlloc(<PyTypeObject *> kind, count)


cdef inline void put(object made, Py_ssize_t at, object value) noexcept:
    Py_INCREF(value)
    PyTuple_SET_ITEM(made, at, value)
