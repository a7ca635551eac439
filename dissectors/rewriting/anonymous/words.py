"""Words of SIP and SDP that mean the same in everybody's messages, and so may stay."""

from __future__ import annotations

import re

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
    deflate gzip identity compress br zstd en us de fr es it normal emergency urgent non sms 3gpp 3gpp2 etsi ims aoc
    signal early recipient list by reference aib alert octet stream pdf jpeg png gif csv calendar vcard msword
    external body partial report status delivery digest parallel byteranges form octets nortelnetworks digits
    ets wps dsn drsn q735 esnet mcpttp mcpttq routine immediate override
    broadsoft broadworks hook flash trickle sdpfrag rfc822 pkcs7 mime signature encrypted
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
    oc-seq alias ftag did r2 nat vsf d-alg d-qop d-ver mod prot ealg spi-c spi-s port-c port-s party id-type
    call-id include-session-description shared body tcp udp bfcp sos outbound cpc oli access-type
    inserted-by require explicit
    routing-allowed m-type site srvcc-target e2ae-security is-user-reg network-provided access-info
    base encoding file name size creation-date modification-date read-date filename permission
    """.split()
)
"""Names of parameters, which say what a value is and nothing of anybody."""

PLAIN_VALUES = frozenset(
    """
    transport q expires rport ttl user method cause refresher index stale algorithm qop nc lr comp reg-id handling
    charset counter limit privacy screen reason audio video early-only oc ob alg ealg prot mod d-alg d-qop party
    id-type encoding version base cpc purpose ppt port-c port-s
    """.split()
)
"""Parameters whose values are numbers or words of the protocol."""

VALUES = frozenset(
    """
    phone ip dialstring auth int md5 sess sha true false yes no full off on unconditional busy answer deflection follow
    me time of day unknown unavailable sigcomp 0x hmac des ede3 cbc aes null esp ah trans tun udp enc ipsec 3gpp
    shaken div rph es256 calling called subscriber itu t92 t93 t97 ansi88 ansi92 ansi95 ansi00 etsi121 etsi356 nxv2 nxv3
    itu92 isdn uui icon card impp completion ike man sdes dtls srtp mediasec utran e geran nr fdd tdd epc wlan ieee 11a
    11b 11g 11n 11ac hex auto manual ordinary 8bit 7bit quoted printable base64 pstn permessage deflate client server
    max window bits context takeover msrp bfcp xmpp rtsp cpim upgrade websocket
    """.split()
)
"""Words that are values of parameters."""

ATTRIBUTES = frozenset(
    """
    rtpmap fmtp ptime maxptime minptime sendrecv sendonly recvonly inactive rtcp-mux rtcp-mux-only rtcp-rsize rtcp-fb
    rtcp-xr rtcp-unicast rtcp-idms multicast-rtcp ecn-capable-rtp extmap extmap-allow-mixed setup connection bundle-only
    end-of-candidates ice-lite ice-options ice-mismatch ice-pacing framerate framesize imageattr quality orient type
    charset sdplang lang simulcast rid ssrc-group previous-ssrc sctp-port sctpmap max-message-size dcmap dcsa dtls-id
    tls-id curr des conf cfg pcfg acfg tcap csup creq lcfg bcap ccap mfcap mscap omcap rmcap sescap secap content
    depend source-filter t38faxversion t38maxbitrate t38faxratemanagement t38faxmaxbuffer t38faxmaxdatagram
    t38faxudpec t38faxudpecdepth t38faxudpfecmaxspan t38faxfillbitremoval t38faxtranscodingmmr t38faxtranscodingjbig
    t38maxdatagram t38vendorinfo t38modemtype nortpproxy silencesupp ecan gpmd gc pmft sqn cdsc cparmin cparmax x-nat
    x-sqn x-cap x-cpar x-cparmin x-cparmax x-pmft tone rtpid rtcpid dtmf direction bandwidth candidate-gathering mptime
    maxprate floorctrl floorid bfcpver confid userid max-size msrp-cema bfcp fls vra mvra rvra1 as ms ltr
    cabac cr lf pr ch ar xr dmbr cap au x-rtp-session-id anbr omr-codecs omr-m-att omr-s-att omr-m-bw omr-s-bw
    omr-m-cksum omr-s-cksum omr-m-cod inap-rule length rtppayload encryption cryptoscale x-google-flag
    x-google-max-bitrate
    x-google-min-bitrate x-google-start-bitrate x-google-buffer-latency x-ssrc-range x-caps x-devicecaps x-mediabw
    x-bypassid x-signaling-fb x-mediasettings x-candidate-info x-data-protocol x-source-streamid
    3gpp-adaptation-support 3gpp_sync_info 3gpp_maxrecvsdusize 3gpp-qoe-metrics 3gpp-qos-hint 3gpp-asset-information
    sync-time aaltype capability qosclass bcob stc upcc eecid lij anycast structure vsel dsel fsel onewaysel
    codecconfig isup_usi uilayer1_prot profiledesc chain clkrec fec prtfl sbc cbrrate atmmap accept-types
    accept-wrapped-types range mtag etag bundle ice2 video-content application eclips cliprect
    """.split()
)
"""Attributes of SDP whose values are codecs, numbers and words of the protocol."""

NAMES_OF_ATTRIBUTES = frozenset(
    """
    cat keywds tool ice-ufrag ice-pwd msid msid-semantic mid group label key-mgmt zrtp-hash altc
    candidate remote-candidates fingerprint crypto rtcp ssrc path control acap cpar secapc chatroom phone-context clir
    q763-nature identity file-selector file-transfer-id file-disposition file-date file-icon file-range visited-realm
    secondary-realm cs-correlation alt alt-default-id alt-group 3ge2ae 3gpp-integrity-key 3gpp-sdp-auth
    3gpp-srtp-config mbms-mode mbms-flowid mbms-repair x-candidate-ipv6 x-sourceid x-dh x-sess
    cname cert x-crypto x-ssrc ice-session-id resource recipient-list username password reflection framing
    """.split()
)
"""Attributes of SDP whose values may name somebody, or hold a secret: these alone change."""

WORDS_OF_VALUES = frozenset(
    """
    prime inline unencrypted_srtcp unencrypted_srtp unauthenticated_srtp kdr fec_order fec_key wsh mikey wms bundle lip
    fid fec-fr fec srf anat cs ddp dup host srflx prflx relay typ generation network-id network-cost ip4 ip6 in ntp ptp
    gps gal glonass local localmac private traceable
    direct rate sender offset cname msrp msrps tcp npt clock smpte mslabel appdata default
    """.split()
)
"""Words within such values that are the grammar's."""

SLOTS = re.compile(
    r"(?i)[0-9]{1,10}|[A-Za-z0-9]{0,2}|audio|video|data|application|message|text|image|slides|main|alt|sl|speaker"
    r"|sdparta_[0-9]{1,4}"
)
"""What parts of a description are called that say nothing of anybody: numbers, two characters, kinds of media."""

FEATURES = ("+sip.", "+g.3gpp.", "+g.oma.", "+g.gsma.", "+g.tispan.")
"""How features begin that are registered."""
