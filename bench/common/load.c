/* Sends requests over connections that are kept alive, and tells how many were answered, and how fast.
 *
 *     load PORT RATE SECONDS CONNECTIONS spin|sleep FILE
 *
 * With rate 0 each connection sends as soon as it is answered (a closed loop). With any other it sends at that rate,
 * whether or not the answers keep up (an open loop): the time of an answer counts from when its request was due, and
 * not from when a connection was free to send it, so that a server that stalls is charged with all that it kept
 * waiting. The first tenth is not counted.
 *
 * "spin" is for measuring a server's CPU time: a client that sleeps has to be woken, and the kernel puts that down to
 * the server. On virtual machines it was 20 microseconds a call, a third of what Fastify's calls cost, while the fastest
 * servers leave a client no time to fall asleep. "sleep" is for measuring time, and leaves the processors alone.
 *
 * FILE holds the requests, which are sent in turn: each as it is sent, behind its length in a line. Prints: answers,
 * answers that are not 2xx, the time that they took, p50, p99, the most, and how late this client itself was with
 * requests for which a connection was free (p99); times in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include "load.h"

enum { LARGEST = 1 << 20, MOST = 256, REQUESTS = 1 << 16 };

struct connection { int socket; double due; size_t have; char *buffer; };
struct request { char *text; size_t length; };

static struct connection connections[MOST];
static int idle[MOST], idle_count, many;
static struct request requests[REQUESTS];
static size_t count;

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t length;
    if (!file) fail(path);
    while (count < REQUESTS && fscanf(file, "%zu", &length) == 1) {
        fgetc(file);
        requests[count] = (struct request){malloc(length), length};
        if (fread(requests[count++].text, 1, length, file) != length) fail(path);
    }
    fclose(file);
    if (!count) fail(path);
}

static void connect_all(int port, int poll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    for (int i = 0; i < many; i++) {
        struct connection *each = &connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        each->buffer = malloc(LARGEST);
        each->socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(each->socket, (struct sockaddr *)&address, sizeof address)) fail("connect");
        setsockopt(each->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, each->socket, &event)) fail("epoll");
        idle[idle_count++] = i;
    }
}

static void send_next(size_t number, double due) {
    struct connection *each = &connections[idle[--idle_count]];
    const struct request *request = &requests[number % count];
    each->due = due;
    each->have = 0;
    if (send(each->socket, request->text, request->length, MSG_NOSIGNAL) != (ssize_t)request->length) fail("send");
}

/* Reads what is there. Returns the status once the answer is whole, else 0. */
static int answer_of(struct connection *each) {
    ssize_t got = recv(each->socket, each->buffer + each->have, LARGEST - 1 - each->have, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) fail("a connection was closed");
    each->have += got;
    each->buffer[each->have] = 0;
    char *end = strstr(each->buffer, "\r\n\r\n");
    if (!end) return 0;
    char *length = strcasestr(each->buffer, "content-length:");
    size_t body = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
    return each->have < end + 4 - each->buffer + body ? 0 : atoi(each->buffer + 9);
}

int main(int argc, char **argv) {
    if (argc != 7) { fprintf(stderr, "usage: load PORT RATE SECONDS CONNECTIONS spin|sleep FILE\n"); return 2; }
    double rate = atof(argv[2]), seconds = atof(argv[3]), free_since = 0;
    size_t sent = 0, done = 0, wrong = 0;
    struct times taken = {0}, late = {0};
    struct epoll_event events[MOST];
    many = atoi(argv[4]);
    if (many < 1 || many > MOST) { fprintf(stderr, "load: 1 to %d connections\n", MOST); return 2; }
    read_requests(argv[6]);
    int poll = epoll_create1(0), spin = !strcmp(argv[5], "spin");
    prctl(PR_SET_TIMERSLACK, 1);
    connect_all(atoi(argv[1]), poll);
    double start = now(), end = start + seconds, time;
    while ((time = now()) < end || done < sent) {
        while (idle_count && time < end && (!rate || start + sent / rate <= time)) {
            double due = rate ? start + sent / rate : time;
            send_next(sent++, due);
            if (due >= free_since) keep(&late, time - due);
            time = now();
        }
        if (time > end + 30) { fprintf(stderr, "load: answers do not come\n"); return 1; }
        double next = rate && idle_count && time < end ? start + sent / rate : time + 1;
        struct timespec patience = {0, spin || next <= time ? 0 : next - time < 0.9 ? (next - time) * 1e9 : 9e8};
        int ready = epoll_pwait2(poll, events, MOST, &patience, NULL), was_full = !idle_count;
        for (int i = 0; i < ready; i++) {
            int which = events[i].data.u32, status = answer_of(&connections[which]);
            if (!status) continue;
            if (status / 100 != 2) wrong++;
            double due = connections[which].due;
            if (due > start + seconds / 10) keep(&taken, now() - due);
            done++;
            idle[idle_count++] = which;
        }
        if (was_full && idle_count) free_since = now();
    }
    qsort(taken.each, taken.count, sizeof *taken.each, order);
    qsort(late.each, late.count, sizeof *late.each, order);
    printf("%zu %zu %.0f %.0f %.0f %.0f %.0f\n", done, wrong, (time - start) * 1e6, at(&taken, 0.5), at(&taken, 0.99),
           at(&taken, 1), at(&late, 0.99));
    return 0;
}
