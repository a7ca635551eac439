/* Send frames over and over, paced: send INTERFACE FRAMES RATE SECONDS

   FRAMES holds, for each frame and in the order of the machine, three 32-bit numbers and the frame: its length, where
   its RTP header begins (0 for none), and by how much the sequence number of its stream grows from lap to lap; the
   timestamp grows by 160 times that. So streams go on instead of beginning anew. UDP checksums are not kept up.

   Frames leave through a packet socket past the queueing discipline, 32 a call. Prints how many were sent and in how
   many seconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define TOGETHER 32
#define SAMPLES 160
#define BUFFER (16 << 20)

typedef struct {
    uint32_t length, header, step;
    unsigned char *octets;
} Frame;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void stop(const char *what) {
    perror(what);
    exit(1);
}

static Frame *load(const char *path, size_t *found) {
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 16;
    Frame *frames = malloc(room * sizeof *frames);
    uint32_t head[3];
    if (!file || !frames) stop(path);
    for (*found = 0; fread(head, sizeof head, 1, file) == 1; ++*found) {
        if (*found == room && !(frames = realloc(frames, (room *= 2) * sizeof *frames))) stop(path);
        Frame *frame = &frames[*found];
        frame->length = head[0], frame->header = head[1], frame->step = head[2];
        frame->octets = malloc(frame->length);
        if (!frame->octets || fread(frame->octets, frame->length, 1, file) != 1) stop(path);
    }
    fclose(file);
    return frames;
}

static int opened(const char *interface) {
    int one = 1, size = BUFFER, packets = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    if (packets < 0) stop("socket");
    address.sll_ifindex = if_nametoindex(interface);
    setsockopt(packets, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
    setsockopt(packets, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    if (bind(packets, (struct sockaddr *)&address, sizeof address)) stop(interface);
    return packets;
}

/* The stream of a frame that has been sent goes on in the next lap. */
static void advance(Frame *frame) {
    unsigned char *header = frame->octets + frame->header;
    uint16_t sequence;
    uint32_t timestamp;
    if (!frame->header) return;
    memcpy(&sequence, header + 2, 2);
    memcpy(&timestamp, header + 4, 4);
    sequence = htons(ntohs(sequence) + frame->step);
    timestamp = htonl(ntohl(timestamp) + SAMPLES * frame->step);
    memcpy(header + 2, &sequence, 2);
    memcpy(header + 4, &timestamp, 4);
}

int main(int count, char **words) {
    size_t frames;
    struct mmsghdr messages[TOGETHER] = {0};
    struct iovec parts[TOGETHER];
    if (count != 5) {
        fprintf(stderr, "send INTERFACE FRAMES RATE SECONDS\n");
        return 2;
    }
    Frame *all = load(words[2], &frames);
    int packets = opened(words[1]);
    double rate = atof(words[3]), seconds = atof(words[4]), begun = now(), passed;
    uint64_t sent = 0;
    while (frames && (passed = now() - begun) < seconds) {
        int64_t due = rate * passed - sent;
        int together = due < TOGETHER ? due : TOGETHER;
        if (together < 1) continue;
        for (int i = 0; i < together; i++) {
            Frame *frame = &all[(sent + i) % frames];
            parts[i].iov_base = frame->octets, parts[i].iov_len = frame->length;
            messages[i].msg_hdr.msg_iov = &parts[i], messages[i].msg_hdr.msg_iovlen = 1;
        }
        int gone = sendmmsg(packets, messages, together, 0);
        if (gone < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) stop("sendmmsg");
        for (int i = 0; i < gone; i++) advance(&all[(sent + i) % frames]);
        sent += gone > 0 ? gone : 0;
    }
    printf("%llu %.3f\n", (unsigned long long)sent, now() - begun);
    return 0;
}
