/* The limit: one plain pass in C over an Ethernet pcap file in memory, with most of the statistics that the scan keeps.

   Link layer, VLAN, IPv4, IPv6, UDP; a class by hand-written conditions; a table of flows and one of streams, a stream
   once three of its numbers followed one another; loss by a window of a hundred numbers, jitter for eight clocks,
   steps, sizes, the line of timestamps over time. No bounds on the tables, no other formats, no encapsulations. */
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS (1 << 20)
#define CLOCKS 8

typedef struct {
    uint64_t key[5];
    int64_t datagrams, octets, first, last, counts[16];
} Flow;

typedef struct {
    uint32_t flow, ssrc, timestamp;
    int32_t run, type, sequence;
    int64_t packets, octets, first, last, base, highest, duplicates, reordered, runs, lost_run, largest_gap, markers;
    uint64_t low, high;
    double jitter[CLOCKS], maximum[CLOCKS], time, ticks, square, product;
    int64_t elapsed, origin, steps[32], counted[32], kinds, sizes[4];
} Stream;

static const double clocks[CLOCKS] = {8000, 16000, 22050, 24000, 32000, 44100, 48000, 90000};
static Flow *flows;
static Stream *streams;
static uint32_t flow_slots[SLOTS], stream_slots[SLOTS], flow_count, stream_count;
static int64_t kinds[16], datagrams;

static uint32_t u16(const uint8_t *at) { return at[0] << 8 | at[1]; }
static uint32_t u32(const uint8_t *at) { return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3]; }
static uint64_t u64(const uint8_t *at) { return (uint64_t)u32(at) << 32 | u32(at + 4); }

static uint64_t mix(uint64_t value) {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ value >> 33;
}

static uint32_t flow_of(const uint64_t key[5]) {
    uint64_t at = mix(mix(mix(key[4] ^ key[1]) ^ key[3]) ^ key[0] ^ key[2]) & (SLOTS - 1);
    for (; flow_slots[at]; at = (at + 1) & (SLOTS - 1))
        if (!memcmp(flows[flow_slots[at] - 1].key, key, sizeof(flows->key))) return flow_slots[at] - 1;
    if (!(flow_count & (flow_count - 1))) flows = realloc(flows, 2 * (flow_count + 1) * sizeof(Flow));
    memset(&flows[flow_count], 0, sizeof(Flow));
    memcpy(flows[flow_count].key, key, sizeof(flows->key));
    flow_slots[at] = ++flow_count;
    return flow_count - 1;
}

static Stream *stream_of(uint32_t flow, uint32_t ssrc) {
    uint64_t at = mix((uint64_t)flow << 32 | ssrc) & (SLOTS - 1);
    for (; stream_slots[at]; at = (at + 1) & (SLOTS - 1)) {
        Stream *known = &streams[stream_slots[at] - 1];
        if (known->flow == flow && known->ssrc == ssrc) return known;
    }
    if (!(stream_count & (stream_count - 1))) streams = realloc(streams, 2 * (stream_count + 1) * sizeof(Stream));
    memset(&streams[stream_count], 0, sizeof(Stream));
    streams[stream_count].flow = flow;
    streams[stream_count].ssrc = ssrc;
    stream_slots[at] = ++stream_count;
    return &streams[stream_count - 1];
}

static int kind_of(const uint8_t *p, int held, int length) {
    if (held < 2) return 9;
    if (p[0] >> 6 == 2) {
        int end = 12 + 4 * (p[0] & 15);
        if (p[1] >= 192 && p[1] <= 223 && held >= 8) return 6;
        if (p[0] & 16 && held >= end + 4) end += 4 + 4 * u16(p + end + 2);
        return length >= 12 && end <= length ? 7 : 9;
    }
    if (p[0] < 64 && held >= 20 && u32(p + 4) == 0x2112a442) return 2;
    if (p[0] >= 20 && p[0] <= 26 && p[1] == 254 && held >= 13) return 4;
    if (p[0] >> 4 == 4 && held >= 4 && length - (int)(u16(p + 2) + 4) >= 0 && length - (int)(u16(p + 2) + 4) < 4) return 5;
    return p[0] >= 'A' && p[0] <= 'z' ? 0 : 9;
}

static void came(Stream *s, int sequence) {
    int step = (sequence - s->highest) & 0xffff;
    if (step < 3000) {
        if (!step) s->duplicates++;
        int64_t before = s->base - (s->highest - 99);
        for (int64_t place = before > 0 ? before : 0; place < step && place < 100; place++) {
            int bit = 99 - (int)place;
            if ((bit < 64 ? s->low >> bit : s->high >> (bit - 64)) & 1) {
                if (s->lost_run) s->runs++;
                s->lost_run = 0;
            } else
                s->lost_run++;
        }
        s->highest += step;
        if (step && step < 64) {
            s->high = (s->high << step | s->low >> (64 - step)) & 0xfffffffffULL;
            s->low = s->low << step | 1;
        } else if (step)
            s->high = 0, s->low = 1;
    } else if (step > 0x10000 - 100) {
        int back = 0x10000 - step;
        uint64_t bit = 1ULL << (back & 63), *word = back < 64 ? &s->low : &s->high;
        if (*word & bit) s->duplicates++;
        else s->reordered++, *word |= bit;
    } else
        s->reordered++;
}

static void count(Stream *s, const uint8_t *p, int length, int64_t time) {
    uint32_t timestamp = u32(p + 4);
    int sequence = u16(p + 2), size = length - 12 - 4 * (p[0] & 15), kind;
    if (s->packets) {
        int64_t gap = time - s->last, step = (int32_t)(timestamp - s->timestamp);
        double seconds = gap / 1e9, at = (time - s->origin) / 1e9;
        if (gap > s->largest_gap) s->largest_gap = gap;
        if (((sequence - s->sequence) & 0xffff) == 1) {
            for (kind = 0; kind < s->kinds && s->steps[kind] != step; kind++) {}
            if (kind < 32) s->steps[kind] = step, s->counted[kind]++, s->kinds += kind == s->kinds;
        }
        for (int i = 0; i < CLOCKS; i++) {
            s->jitter[i] += (fabs(seconds * clocks[i] - step) - s->jitter[i]) / 16;
            if (s->jitter[i] > s->maximum[i]) s->maximum[i] = s->jitter[i];
        }
        s->elapsed += step;
        s->time += at, s->ticks += s->elapsed, s->square += at * at, s->product += at * s->elapsed;
        s->run += ((sequence - s->sequence) & 0xffff) == 1;
        came(s, sequence);
    } else
        s->first = s->origin = time, s->base = s->highest = sequence, s->low = 1, s->sizes[2] = size;
    s->packets++, s->octets += length, s->markers += p[1] >> 7, s->type = p[1] & 127;
    s->sizes[0]++, s->sizes[1] += size;
    if (size < s->sizes[2]) s->sizes[2] = size;
    if (size > s->sizes[3]) s->sizes[3] = size;
    s->last = time, s->timestamp = timestamp, s->sequence = sequence;
}

static void frame(const uint8_t *p, int held, int64_t time) {
    int at = 14, type, length, kind;
    uint64_t key[5] = {0};
    if (held < 14) return;
    type = u16(p + 12);
    while ((type == 0x8100 || type == 0x88a8) && at + 4 <= held) type = u16(p + at + 2), at += 4;
    if (type == 0x0800 && at + 28 <= held && p[at] == 0x45 && p[at + 9] == 17 && !(u16(p + at + 6) & 0x3fff))
        key[1] = u32(p + at + 12), key[3] = u32(p + at + 16), at += 20;
    else if (type == 0x86dd && at + 48 <= held && p[at + 6] == 17)
        key[0] = u64(p + at + 8), key[1] = u64(p + at + 16), key[2] = u64(p + at + 24), key[3] = u64(p + at + 32), at += 40;
    else
        return;
    length = (int)u16(p + at + 4) - 8;
    if (length < 0) return;
    key[4] = (uint64_t)type << 32 | u32(p + at);
    at += 8, held -= at;
    if (held > length) held = length;
    kind = kind_of(p + at, held, length);
    uint32_t number = flow_of(key);
    Flow *flow = &flows[number];
    if (!flow->datagrams++) flow->first = time;
    flow->octets += length, flow->last = time, flow->counts[kind]++;
    kinds[kind]++, datagrams++;
    if (kind == 7 && held >= 12) count(stream_of(number, u32(p + at + 8)), p + at, length, time);
}

int main(int argc, char **argv) {
    struct stat known;
    int file = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (file < 0 || fstat(file, &known)) return 2;
    size_t at = 24, size = known.st_size, confirmed = 0;
    const uint8_t *octets = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    if (octets == MAP_FAILED) return 2;
    while (at + 16 <= size) {
        uint32_t head[4];
        memcpy(head, octets + at, sizeof head);
        if (at + 16 + head[2] > size) break;
        frame(octets + at + 16, head[2], head[0] * 1000000000LL + head[1] * 1000LL);
        at += 16 + head[2];
    }
    for (uint32_t i = 0; i < stream_count; i++) confirmed += streams[i].run >= 2;
    printf("%lld datagrams, %u flows, %zu streams\n", (long long)datagrams, flow_count, confirmed);
    return 0;
}
