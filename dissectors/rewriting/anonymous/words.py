"""Words of SIP and SDP that mean the same in everybody's messages, and so may stay."""

from __future__ import annotations

from dissectors.protocols.sip import METHODS
from dissectors.protocols.sip_headers import NAMES

OPTIONS = """
    100rel precondition timer replaces norefersub path gruu outbound ice tdialog join histinfo eventlist from-change
    multiple-refer answermode sdp-anat sec-agree recipient-list-invite resource-priority privacy uui trickle-ice
    geolocation 199 policy gin nosub early-session extended-refer target-dialog callerid
"""
REASONS = """
    trying ringing call is being forwarded queued session progress early dialog terminated ok accepted no notification
    multiple choices moved permanently temporarily use proxy alternative service bad request unauthorized payment
    required forbidden not found method allowed acceptable authentication timeout gone conditional failed entity too
    large uri long unsupported media type scheme unknown resource priority extension extension session interval small
    brief location information address incomplete ambiguous busy here request terminated event pending undecipherable
    security agreement server internal error implemented bad gateway service unavailable time out version supported
    message decline does exist anywhere unwanted rejected busy everywhere the done canceled cancelled normal clearing
    user transaction leg temporarily registered challenging provisional
"""
TYPES = """
    application sdp text plain xml html json multipart mixed alternative related signed pidf rlmi reginfo dialog info
    message sipfrag simple summary conference resource lists isup qsig dtmf relay cpim isComposing im iscomposing
    pidf-diff session disposition render handling optional required charset utf us ascii iso attachment inline icon
    media control vnd watcherinfo winfo presence refer check sync reg ua profile keep alive active terminated pending
    reason deactivated probation rejected timeout giveup noresource expires retry after id critical header user none
    supported gated uas uac sendrecv sendonly recvonly inactive base64 binary
    deflate gzip identity compress br zstd en us de fr es it normal emergency urgent non
"""
FAMILIES = "udp tcp tls ws wss sctp sip sips tel urn uuid http https mailto cid data anonymous invalid localhost local"

KEPT = frozenset(
    word.lower()
    for text in (OPTIONS, REASONS, TYPES, FAMILIES, " ".join(METHODS), " ".join(NAMES))
    for phrase in text.split()
    for word in (phrase, *phrase.split("-"), *phrase.split("."))
)
"""Words that stay in headers of the protocol's own vocabulary."""

PARAMETERS = frozenset(
    """
    tag branch received rport transport lr maddr ttl user method q expires comp sigcomp-id ob reg-id pub-gruu temp-gruu
    gr cause text protocol reason refresher cn index hi-target-param mp rc np np- privacy screen counter limit
    realm nonce opaque stale algorithm qop username uri response cnonce nc auts auth-param domain nextnonce rspauth
    from-tag to-tag early-only local-tag remote-tag boundary charset type purpose handling version id
    icid-value icid-generated-at orig-ioi term-ioi transit-ioi related-icid phone-context isub ext postd npdi rn cic
    purpose appearance alg info ppt keep +sip.instance +sip.ice audio video automata class duplex mobility description
    events extensions schemes application actor isfocus remote logme utran-cell-id-3gpp cgi-3gpp i-wlan-node-id
    retry-after event-type encoding content purpose lskpmc session-id sess-id remote noroute i s oc oc-algo oc-validity
    oc-seq alias ftag did r2 nat vsf
    """.split()
)
"""Names of parameters, which say what a value is and nothing of anybody."""

PLAIN_VALUES = frozenset(
    """
    transport q expires rport ttl user method cause refresher index stale algorithm qop nc lr comp reg-id handling
    charset counter limit privacy screen reason audio video early-only oc ob
    """.split()
)
"""Parameters whose values are numbers or words of the protocol."""

VALUES = frozenset(
    """
    phone ip dialstring auth int md5 sess sha true false yes no full off on unconditional busy answer deflection follow
    me time of day unknown unavailable sigcomp 0x
    """.split()
)
"""Words that are values of parameters."""

ATTRIBUTES = frozenset(
    """
    rtpmap fmtp ptime maxptime sendrecv sendonly recvonly inactive rtcp-mux rtcp-mux-only rtcp-rsize rtcp-fb extmap
    extmap-allow-mixed setup connection mid group bundle-only end-of-candidates ice-lite ice-options ice-mismatch
    ice-pacing framerate framesize imageattr quality orient type charset sdplang lang simulcast rid ssrc-group
    sctp-port sctpmap max-message-size dtls-id tls-id curr des conf cfg pcfg acfg tcap acap csup creq rtcp-xr label
    content source-filter t38faxversion t38maxbitrate t38faxratemanagement t38faxmaxbuffer t38faxmaxdatagram
    t38faxudpec t38faxfillbitremoval t38faxtranscodingmmr t38faxtranscodingjbig t38maxdatagram nortpproxy silencesupp
    ecan gpmd tone msid-semantic rtpid rtcpid dtmf direction bandwidth candidate-gathering mptime maxprate
    floorctrl confid userid x-rtp-session-id fls vra mvra rvra1 as ms ltr cabac cr lf pr ch ar xr dmbr cap au
    """.split()
)
"""Attributes of SDP whose values are codecs, numbers and words of the protocol."""
