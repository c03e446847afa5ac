/* Sends one call again and again over HTTP/2, and tells how many were answered as they have to be, and how fast.
 *
 *     load-http2 PORT RATE SECONDS CONNECTIONS STREAMS spin|sleep FILE
 *
 * As load.c, with so many streams on each connection; what that says of rates, of times and of waiting holds here too.
 * With 0 seconds the call is made once, and all that came of it is printed.
 *
 * FILE holds the call: lines of a header's name, a space and its value; an empty line; the size of the body in a line,
 * and the body; the size of the body that has to be answered in a line, and that. An answer is right if its status is
 * 200, its body is that one, and grpc-status, where the call is one of gRPC, is 0 and stands in a header of its own.
 * Headers are compressed as libnghttp2 does, with the table that both sides keep, so that repeated ones are short.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include "../common/load.h"

enum { CONNECTIONS = 256, STREAMS = 256, HEADERS = 32, SLICE = 1 << 16, WINDOW = 1 << 20 };

struct connection;
struct call { struct connection *on; double due; size_t sent, have; int ok, ended, differs; };
struct connection { int socket, index; nghttp2_session *session; struct call calls[STREAMS]; };

static struct connection connections[CONNECTIONS];
static struct call *idle[CONNECTIONS * STREAMS]; /* a ring: who has waited longest is next */
static nghttp2_nv headers[HEADERS];
static char *body, *expected;
static size_t header_count, body_size, expected_size, idle_first, idle_count, done, wrong;
static int many, each_many, is_grpc, shows, was_full;
static struct times taken, late;
static double counted_from;

static void stop(const char *what) { fprintf(stderr, "load-http2: %s\n", what); exit(1); }

static char *read_part(FILE *file, size_t *size) {
    if (fscanf(file, "%zu", size) != 1 || fgetc(file) != '\n') stop("the file has another form");
    char *part = malloc(*size + 1);
    if (!part || fread(part, 1, *size, file) != *size) stop("the file ends too early");
    return part;
}

static void read_call(const char *path) {
    static char line[4096];
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    while (fgets(line, sizeof line, file) && line[0] != '\n') {
        line[strcspn(line, "\n")] = 0;
        char *space = strchr(line, ' ');
        if (!space || header_count == HEADERS) stop("the file has another form");
        *space = 0;
        char *name = strdup(line), *value = strdup(space + 1);
        headers[header_count++] = (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), 0};
        if (!strcmp(name, "content-type") && !strncmp(value, "application/grpc", 16)) is_grpc = 1;
    }
    body = read_part(file, &body_size);
    expected = read_part(file, &expected_size);
    fclose(file);
}

static ssize_t give_body(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *data) {
    struct call *call = source->ptr;
    size_t size = body_size - call->sent < room ? body_size - call->sent : room;
    (void)session, (void)stream, (void)data;
    memcpy(buffer, body + call->sent, size);
    call->sent += size;
    if (call->sent == body_size) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return size;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
                     const uint8_t *value, size_t value_size, uint8_t flags, void *data) {
    struct call *call = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    (void)flags, (void)data;
    if (!call) return 0;
    if (shows) printf("%.*s: %.*s\n", (int)name_size, name, (int)value_size, value);
    if (name_size == 7 && !memcmp(name, ":status", 7)) call->ok = value_size == 3 && !memcmp(value, "200", 3);
    if (name_size == 11 && !memcmp(name, "grpc-status", 11)) call->ended = value_size == 1 && *value == '0' ? 1 : -1;
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *part, size_t size,
                   void *data) {
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    (void)flags, (void)data;
    if (!call) return 0;
    if (shows) {
        printf("data: ");
        for (size_t i = 0; i < size; i++) printf("%02x", part[i]);
        printf("\n");
    }
    if (call->have + size > expected_size || memcmp(expected + call->have, part, size)) call->differs = 1;
    call->have += size;
    return 0;
}

static void put(struct call *call) { idle[(idle_first + idle_count++) % (CONNECTIONS * STREAMS)] = call; }

static struct call *take(void) {
    struct call *call = idle[idle_first];
    idle_first = (idle_first + 1) % (CONNECTIONS * STREAMS);
    idle_count--;
    return call;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *data) {
    struct call *call = nghttp2_session_get_stream_user_data(session, stream);
    double time = now();
    (void)data;
    if (!call) return 0;
    if (shows) printf("%s: %u\n", error ? "reset" : "end", error);
    if (error || !call->ok || call->differs || call->have != expected_size || (is_grpc && call->ended != 1)) wrong++;
    if (call->due > counted_from) keep(&taken, time - call->due);
    done++;
    was_full |= !idle_count;
    put(call);
    return 0;
}

static void flush(struct connection *each) {
    static uint8_t gathered[SLICE * 4];
    const uint8_t *part;
    size_t size = 0;
    ssize_t more;
    while ((more = nghttp2_session_mem_send(each->session, &part)) > 0) {
        if (size + more > sizeof gathered) stop("there is too much to send");
        memcpy(gathered + size, part, more);
        size += more;
    }
    if (more < 0) stop(nghttp2_strerror(more));
    if (size && send(each->socket, gathered, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
}

static void begin(double due) {
    struct call *call = take();
    nghttp2_data_provider provider = {.source.ptr = call, .read_callback = give_body};
    *call = (struct call){.on = call->on, .due = due};
    int32_t stream = nghttp2_submit_request(call->on->session, NULL, headers, header_count, &provider, call);
    if (stream < 0) stop(nghttp2_strerror(stream));
}

static void receive(struct connection *each) {
    static uint8_t buffer[SLICE];
    ssize_t got = recv(each->socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) fail("a connection was closed");
    ssize_t read = nghttp2_session_mem_recv(each->session, buffer, got);
    if (read < 0) stop(nghttp2_strerror(read));
}

static void connect_all(int port, int poll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW},
                                         {NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    nghttp2_session_callbacks *callbacks;
    int on = 1;
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    for (int i = 0; i < many; i++) {
        struct connection *each = &connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        each->socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(each->socket, (struct sockaddr *)&address, sizeof address)) fail("connect");
        setsockopt(each->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, each->socket, &event)) fail("epoll");
        if (nghttp2_session_client_new(&each->session, callbacks, each)) stop("no session");
        nghttp2_submit_settings(each->session, 0, settings, 2);
        nghttp2_session_set_local_window_size(each->session, 0, 0, WINDOW * 8);
        flush(each);
    }
    for (int j = 0; j < each_many; j++)
        for (int i = 0; i < many; i++) {
            connections[i].calls[j].on = &connections[i];
            put(&connections[i].calls[j]);
        }
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: load-http2 PORT RATE SECONDS CONNECTIONS STREAMS spin|sleep FILE\n");
        return 2;
    }
    double rate = atof(argv[2]), seconds = atof(argv[3]), free_since = 0;
    size_t sent = 0;
    struct epoll_event events[CONNECTIONS];
    many = atoi(argv[4]), each_many = atoi(argv[5]);
    if (many < 1 || many > CONNECTIONS || each_many < 1 || each_many > STREAMS) stop("1 to 256 of each");
    read_call(argv[7]);
    int poll = epoll_create1(0), spin = !strcmp(argv[6], "spin");
    prctl(PR_SET_TIMERSLACK, 1);
    shows = seconds <= 0;
    connect_all(atoi(argv[1]), poll);
    double start = now(), end = start + seconds, time;
    counted_from = rate ? start + seconds / 10 : end;
    while ((time = now()) < end || done < sent || (shows && !done)) {
        size_t before = idle_count;
        while (idle_count && (time < end || (shows && !sent)) && (!rate || start + sent / rate <= time)) {
            double due = rate ? start + sent / rate : time;
            begin(due);
            sent++;
            if (rate && due >= free_since) keep(&late, time - due);
        }
        if (idle_count != before)
            for (int i = 0; i < many; i++)
                if (nghttp2_session_want_write(connections[i].session)) flush(&connections[i]);
        if (time > end + 30) stop("answers do not come");
        double next = rate && idle_count && time < end ? start + sent / rate : time + 1;
        time = now();
        struct timespec patience = {0, spin || next <= time ? 0 : next - time < 0.9 ? (next - time) * 1e9 : 9e8};
        int ready = epoll_pwait2(poll, events, CONNECTIONS, &patience, NULL);
        was_full = 0;
        for (int i = 0; i < ready; i++) receive(&connections[events[i].data.u32]);
        for (int i = 0; i < ready; i++) flush(&connections[events[i].data.u32]);
        if (was_full) free_since = now();
    }
    if (shows) return 0;
    qsort(taken.each, taken.count, sizeof *taken.each, order);
    qsort(late.each, late.count, sizeof *late.each, order);
    printf("%zu %zu %.0f %.0f %.0f %.0f %.0f\n", done, wrong, (time - start) * 1e6, at(&taken, 0.5), at(&taken, 0.99),
           at(&taken, 1), at(&late, 0.99));
    return 0;
}
