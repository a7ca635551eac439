"""What `sdp_usual.pyx` gives to those who are compiled."""

cpdef object usual(bytes octets)
cpdef tuple brief(bytes octets)
