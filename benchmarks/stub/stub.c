/* Answers like SQS and S3 for a few microseconds a message: prepared bodies with numbers patched in.
 *
 *   stub BODIES      listens on a free port of 127.0.0.1 and prints it
 *
 * BODIES holds one message a line. Runs of five marks are replaced in each message that is served:
 * ~ x12 the mail's number, ^ x12 the message's own number (hexadecimal), @ x24 its time, % x7 a person
 * of 200,000, $ x7 one of 100 who are written to again and again.
 * Messages 2n and 2n+1 are about mail n. A body without marks is served as it is.
 *
 *   GET  /_stub/stats                 counts as JSON
 *   POST /_stub/feed?count=&rate=&first=&base=&step=&repeat=
 *        puts `count` messages into the queue, all at once or `rate` a second; numbers begin at
 *        `first`, times at `base` (ms since 1970) and go on by `step` microseconds; every `repeat`th
 *        delivery is one that was delivered before.
 *
 * It is no queue: what is received once is not received again, whatever becomes of it. Nothing is
 * verified, neither signatures nor checksums, and MD5OfBody is none.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARKS = 24, CONNECTIONS = 4096, UNKNOWN = 24, AGO = 500 };

struct mark { uint32_t at; char kind; };
struct body { char *text; uint32_t length; int marks; struct mark mark[MARKS]; };
struct buffer { char *at; size_t used, room; };
struct connection { /* by its descriptor */
    struct buffer in, out;
    size_t sent, skip;           /* of the body of a PUT that is still to come */
    int put, parked, attributes, most;
    int64_t until;               /* microseconds; when a long poll ends with nothing */
};

static struct body *bodies;
static size_t body_count, body_room;
static struct connection connections[CONNECTIONS];
static int parked[CONNECTIONS], parked_count, poller;

static struct {
    int64_t count, rate, first, base, step, repeat, begun;
    int64_t taken;               /* of count */
    int64_t served, repeated, deleted, hidden, receives, empty, deletes, puts, put_bytes, others;
} now;
static struct { char name[80]; int64_t times; } unknown[UNKNOWN];

static void die(const char *what) { perror(what); exit(1); }

static int64_t clock_us(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void reserve(struct buffer *b, size_t more) {
    if (b->used + more <= b->room) return;
    while (b->room < b->used + more) b->room = b->room ? b->room * 2 : 8192;
    if (!(b->at = realloc(b->at, b->room))) die("realloc");
}

static void put_bytes(struct buffer *b, const char *text, size_t length) {
    reserve(b, length);
    memcpy(b->at + b->used, text, length);
    b->used += length;
}

static void put(struct buffer *b, const char *text) { put_bytes(b, text, strlen(text)); }

static void __attribute__((format(printf, 2, 3))) putf(struct buffer *b, const char *form, ...) {
    va_list values;
    reserve(b, 4096);
    va_start(values, form);
    b->used += (size_t)vsnprintf(b->at + b->used, 4096, form, values);
    va_end(values);
}

/* The bodies. */

static int width(char kind) {
    return kind == '~' || kind == '^' ? 12 : kind == '@' ? 24 : kind == '%' || kind == '$' ? 7 : 0;
}

static int run_of(const char *text, char kind) {
    int length = 0;
    while (text[length] == kind) length++;
    return length;
}

static void find_marks(struct body *b) {
    for (uint32_t at = 0; at < b->length; at++) {
        int wide = width(b->text[at]);
        if (!wide || run_of(b->text + at, b->text[at]) < wide) continue;
        if (b->marks == MARKS) { fprintf(stderr, "stub: too many marks in a body\n"); exit(1); }
        b->mark[b->marks++] = (struct mark){ at, b->text[at] };
        at += (uint32_t)wide - 1;
    }
}

static void load(const char *path) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    if (!file) die(path);
    while ((length = getline(&line, &room, file)) > 0) {
        struct buffer escaped = { 0 };
        if (line[length - 1] == '\n') line[--length] = 0;
        for (ssize_t i = 0; i < length; i++) {
            char c = line[i];
            if (c == '"' || c == '\\') putf(&escaped, "\\%c", c);
            else if ((unsigned char)c < 0x20) putf(&escaped, "\\u%04x", c);
            else put_bytes(&escaped, &c, 1);
        }
        put_bytes(&escaped, "", 1);
        if (body_count == body_room) {
            body_room = body_room ? body_room * 2 : 1024;
            if (!(bodies = realloc(bodies, body_room * sizeof *bodies))) die("realloc");
        }
        /* What room is left over would be most of the memory. */
        char *text = realloc(escaped.at, escaped.used);
        bodies[body_count] = (struct body){ .text = text, .length = (uint32_t)escaped.used - 1 };
        find_marks(&bodies[body_count++]);
    }
    free(line);
    fclose(file);
    if (!body_count) { fprintf(stderr, "stub: %s holds no bodies\n", path); exit(1); }
}

static void hexadecimal(char *to, uint64_t value) {
    for (int i = 11; i >= 0; i--, value >>= 4) to[i] = "0123456789abcdef"[value & 15];
}

static void decimal(char *to, int digits, int64_t value) {
    for (int i = digits - 1; i >= 0; i--, value /= 10) to[i] = (char)('0' + value % 10);
}

static void stamp(char *to, int64_t ms) {
    static time_t last = -1;
    static char text[64];
    time_t seconds = ms / 1000;
    if (seconds != last) {
        struct tm t;
        gmtime_r(&seconds, &t);
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.000Z", t.tm_year + 1900, t.tm_mon + 1,
                 t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
        last = seconds;
    }
    memcpy(to, text, 24);
    decimal(to + 20, 3, ms % 1000);
}

static void put_body(struct buffer *out, int64_t number) {
    struct body *b = &bodies[(size_t)number % body_count];
    uint64_t mail = (uint64_t)number / 2;
    reserve(out, b->length);
    char *to = out->at + out->used;
    memcpy(to, b->text, b->length);
    for (int i = 0; i < b->marks; i++) {
        char *place = to + b->mark[i].at;
        switch (b->mark[i].kind) {
        case '~': hexadecimal(place, mail); break;
        case '^': hexadecimal(place, (uint64_t)number); break;
        case '@': stamp(place, now.base + number * now.step / 1000); break;
        /* Knuth's multiplicative hash: the same person for all of a mail. */
        case '%': decimal(place, 7, (int64_t)((mail * 2654435761u & 0xffffffffu) % 200000)); break;
        default: decimal(place, 7, (int64_t)((mail * 2654435761u & 0xffffffffu) % 100)); break;
        }
    }
    out->used += b->length;
}

/* The queue. */

static int64_t sent_at(int64_t taken) { return now.rate ? now.begun + taken * 1000000 / now.rate : now.begun; }

static int64_t waiting(void) {
    int64_t there = now.count;
    if (now.rate) {
        int64_t by_now = (clock_us(CLOCK_MONOTONIC) - now.begun) * now.rate / 1000000;
        if (by_now < there) there = by_now;
    }
    return there - now.taken;
}

static void put_message(struct buffer *out, int attributes) {
    static char filler[321];
    int64_t number = now.first + now.taken;
    int again = now.repeat && now.taken > AGO && now.served % now.repeat == now.repeat - 1;
    if (!filler[0]) memset(filler, 'Q', 320);
    if (again) number -= AGO, now.repeated++;
    now.served++;
    putf(out, "{\"MessageId\":\"%08x-0000-4000-8000-%012llx\",\"ReceiptHandle\":\"AQEB%012llx%s\","
         "\"MD5OfBody\":\"d41d8cd98f00b204e9800998ecf8427e\",\"Body\":\"",
         (unsigned)number, (unsigned long long)number, (unsigned long long)now.served, filler);
    put_body(out, number);
    put(out, "\"");
    if (attributes) {
        int64_t ago = clock_us(CLOCK_MONOTONIC) - sent_at(now.taken);
        putf(out, ",\"Attributes\":{\"SentTimestamp\":\"%lld\",\"ApproximateReceiveCount\":\"%d\"}",
             (long long)((clock_us(CLOCK_REALTIME) - ago) / 1000), again ? 2 : 1);
    }
    put(out, "}");
    if (!again) now.taken++;
}

/* Answers. */

static void answer(struct connection *c, const char *status, const char *type, const char *more,
                   const char *text, size_t length) {
    putf(&c->out, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
         "x-amzn-RequestId: 00000000-0000-4000-8000-000000000000\r\n%s\r\n", status, type, length, more);
    put_bytes(&c->out, text, length);
}

static void refuse(struct connection *c, const char *status, const char *more, const char *text) {
    answer(c, status, "application/x-amz-json-1.0", more, text, strlen(text));
}

static void json(struct connection *c, const char *text) {
    answer(c, "200 OK", "application/x-amz-json-1.0", "", text, strlen(text));
}

static void xml(struct connection *c, const char *text) {
    answer(c, "200 OK", "text/xml", "", text, strlen(text));
}

static void answer_receive(struct connection *c) {
    static struct buffer made;
    int64_t there = waiting();
    made.used = 0;
    if (there <= 0) { now.empty++; json(c, "{}"); return; }
    put(&made, "{\"Messages\":[");
    for (int i = 0; i < c->most && now.taken < now.count && i < there; i++) {
        if (i) put(&made, ",");
        put_message(&made, c->attributes);
    }
    put(&made, "]}");
    answer(c, "200 OK", "application/x-amz-json-1.0", "", made.at, made.used);
}

static int64_t number_in(const char *text, const char *name, int64_t otherwise) {
    const char *found = strstr(text, name);
    if (!found) return otherwise;
    for (found += strlen(name); *found && strchr("\": =", *found); found++) { }
    return strtoll(found, NULL, 10);
}

static void receive(int fd, const char *body) {
    struct connection *c = &connections[fd];
    c->most = (int)number_in(body, "MaxNumberOfMessages", 1);
    c->attributes = strstr(body, "AttributeNames") != NULL;
    int64_t wait = number_in(body, "WaitTimeSeconds", 0);
    now.receives++;
    if (waiting() > 0 || !wait) { answer_receive(c); return; }
    c->until = clock_us(CLOCK_MONOTONIC) + wait * 1000000;
    c->parked = 1;
    parked[parked_count++] = fd;
}

static void batch(struct connection *c, const char *body, int64_t *counted) {
    static struct buffer made;
    int count = 0;
    made.used = 0;
    put(&made, "{\"Successful\":[");
    for (const char *at = body; (at = strstr(at, "\"Id\"")); count++) {
        const char *from = strchr(at + 4, '"');
        const char *to = from ? strchr(from + 1, '"') : NULL;
        if (!to) break;
        putf(&made, "%s{\"Id\":\"%.*s\"}", count ? "," : "", (int)(to - from - 1), from + 1);
        at = to;
    }
    put(&made, "],\"Failed\":[]}");
    *counted += count;
    answer(c, "200 OK", "application/x-amz-json-1.0", "", made.at, made.used);
}

static void remember(const char *name) {
    char shown[80];
    int length = 0;
    for (; name[length] && length < 78 && !strchr(" \r\n&\"\\?", name[length]); length++)
        shown[length] = name[length];
    shown[length] = 0;
    now.others++;
    for (int i = 0; i < UNKNOWN; i++) {
        if (!unknown[i].times) strcpy(unknown[i].name, shown);
        if (!strcmp(unknown[i].name, shown)) { unknown[i].times++; return; }
    }
}

static void by_target(int fd, const char *operation, const char *body) {
    struct connection *c = &connections[fd];
    char made[512];
    if (!strncmp(operation, "ReceiveMessage", 14)) receive(fd, body);
    else if (!strncmp(operation, "DeleteMessageBatch", 18)) { now.deletes++; batch(c, body, &now.deleted); }
    else if (!strncmp(operation, "DeleteMessage", 13)) { now.deletes++; now.deleted++; json(c, "{}"); }
    else if (!strncmp(operation, "ChangeMessageVisibility", 23)) batch(c, body, &now.hidden);
    else if (!strncmp(operation, "GetQueueAttributes", 18)) {
        snprintf(made, sizeof made, "{\"Attributes\":{\"ApproximateNumberOfMessages\":\"%lld\","
                 "\"ApproximateNumberOfMessagesNotVisible\":\"%lld\","
                 "\"QueueArn\":\"arn:aws:sqs:eu-west-1:111122223333:feedback\"}}",
                 (long long)waiting(), (long long)(now.served - now.deleted));
        json(c, made);
    } else if (!strncmp(operation, "GetMetricData", 13)) { /* CloudWatch: nothing was measured yet. */
        now.others++;
        json(c, "{\"MetricDataResults\":[]}");
    } else if (!strncmp(operation, "GetQueueUrl", 11)) {
        json(c, "{\"QueueUrl\":\"http://127.0.0.1/111122223333/feedback\"}");
    } else {
        remember(operation);
        refuse(c, "400 Bad Request", "", "{\"__type\":\"InvalidAction\",\"message\":\"not in the stub\"}");
    }
}

static void stats(struct connection *c) {
    struct buffer made = { 0 };
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    putf(&made, "{\"count\":%lld,\"waiting\":%lld,\"served\":%lld,\"repeated\":%lld,\"deleted\":%lld,"
         "\"hidden\":%lld,\"receives\":%lld,\"empty\":%lld,\"deletes\":%lld,\"puts\":%lld,"
         "\"put_bytes\":%lld,\"others\":%lld,\"parked\":%d,\"cpu_seconds\":%.6f,\"unknown\":{",
         (long long)now.count, (long long)waiting(), (long long)now.served, (long long)now.repeated,
         (long long)now.deleted, (long long)now.hidden, (long long)now.receives, (long long)now.empty,
         (long long)now.deletes, (long long)now.puts, (long long)now.put_bytes, (long long)now.others,
         parked_count, cpu);
    for (int i = 0; i < UNKNOWN && unknown[i].times; i++)
        putf(&made, "%s\"%s\":%lld", i ? "," : "", unknown[i].name, (long long)unknown[i].times);
    put(&made, "}}");
    answer(c, "200 OK", "application/json", "", made.at, made.used);
    free(made.at);
}

static void feed(struct connection *c, const char *path) {
    memset(&now, 0, sizeof now);
    now.count = number_in(path, "count=", 0);
    now.rate = number_in(path, "rate=", 0);
    now.first = number_in(path, "first=", 0);
    now.repeat = number_in(path, "repeat=", 0);
    now.step = number_in(path, "step=", 100000);
    now.base = number_in(path, "base=", clock_us(CLOCK_REALTIME) / 1000);
    now.begun = clock_us(CLOCK_MONOTONIC);
    json(c, "{}");
}

static void form(struct connection *c, const char *path, const char *body) {
    static const char refused[] = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidAction</Code>"
        "<Message>not in the stub</Message></Error><RequestId>0</RequestId></ErrorResponse>";
    const char *action = strstr(body, "Action=");
    action = action ? action + 7 : path;
    if (!strncmp(action, "GetCallerIdentity", 17)) {
        xml(c, "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
            "<GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:root</Arn><UserId>1</UserId>"
            "<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
        return;
    }
    remember(action);
    answer(c, "400 Bad Request", "text/xml", "", refused, sizeof refused - 1);
}

/* SES: the account is well, every address is on its suppression list, every mail is taken. */
static void ses(struct connection *c, const char *path) {
    static const char list[] = "suppression/addresses/";
    char address[256], made[512];
    int length = 0;
    now.others++;
    path += strlen("/v2/email/");
    if (!strncmp(path, "account ", 8)) {
        json(c, "{\"DedicatedIpAutoWarmupEnabled\":false,\"EnforcementStatus\":\"HEALTHY\","
             "\"ProductionAccessEnabled\":true,\"SendingEnabled\":true,\"SendQuota\":"
             "{\"Max24HourSend\":500000.0,\"MaxSendRate\":100.0,\"SentLast24Hours\":1000.0}}");
    } else if (!strncmp(path, list, sizeof list - 1)) {
        for (path += sizeof list - 1; *path != ' ' && length < 255; path++, length++) {
            address[length] = strncmp(path, "%40", 3) ? *path : '@';
            if (address[length] == '@' && *path == '%') path += 2;
        }
        snprintf(made, sizeof made, "{\"SuppressedDestination\":{\"EmailAddress\":\"%.*s\","
                 "\"LastUpdateTime\":1796083200.0,\"Reason\":\"BOUNCE\"}}", length, address);
        json(c, made);
    } else if (!strncmp(path, "suppression/addresses ", 22)) {
        json(c, "{}");
    } else if (!strncmp(path, "outbound-emails ", 16)) {
        json(c, "{\"MessageId\":\"0102000000000000-stub-000000\"}");
    } else {
        now.others--;
        remember(path);
        refuse(c, "403 Forbidden", "x-amzn-ErrorType: AccessDeniedException\r\n",
               "{\"message\":\"not in the stub\"}");
    }
}

static void rest(struct connection *c, const char *method, const char *path) {
    static const char nothing[] = "<?xml version=\"1.0\"?><ListBucketResult><KeyCount>0</KeyCount>"
        "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";
    static const char etag[] = "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n";
    if (!strncmp(method, "PUT", 3)) {
        now.puts++;
        answer(c, "200 OK", "application/xml", etag, "", 0);
    } else if (!strncmp(method, "HEAD", 4)) {
        putf(&c->out, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", strchr(path + 1, '/') ? "404 Not Found" : "200 OK");
    } else {
        answer(c, "200 OK", "application/xml", "", nothing, sizeof nothing - 1);
    }
}

/* Connections. */

static void request(int fd, const char *head, const char *body) {
    struct connection *c = &connections[fd];
    const char *path = strchr(head, ' ') + 1;
    const char *target = strcasestr(head, "\r\nx-amz-target:");
    if (!strncmp(path, "/_stub/stats", 12)) stats(c);
    else if (!strncmp(path, "/_stub/feed", 11)) feed(c, path);
    else if (target) {
        const char *dot = strchr(target, '.');
        by_target(fd, dot ? dot + 1 : "", body);
    } else if (!strncmp(path, "/v2/email/", 10)) ses(c, path);
    else if (!strncmp(head, "POST", 4)) form(c, path, body);
    else rest(c, head, path);
}

static void drop(int fd) {
    struct connection *c = &connections[fd];
    for (int i = 0; i < parked_count; i++)
        if (parked[i] == fd) memmove(&parked[i], &parked[i + 1], (size_t)(--parked_count - i) * sizeof *parked), i--;
    free(c->in.at);
    free(c->out.at);
    memset(c, 0, sizeof *c);
    close(fd);
}

/* Returns 0 when the connection is gone. */
static int flush(int fd) {
    struct connection *c = &connections[fd];
    while (c->sent < c->out.used) {
        ssize_t done = write(fd, c->out.at + c->sent, c->out.used - c->sent);
        if (done < 0 && errno == EAGAIN) {
            struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.fd = fd };
            epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
            return 1;
        }
        if (done < 0) { drop(fd); return 0; }
        c->sent += (size_t)done;
    }
    c->sent = c->out.used = 0;
    return 1;
}

/* Takes one request off what was read; returns 0 when there is none whole yet. */
static int take(int fd) {
    struct connection *c = &connections[fd];
    if (c->skip) { /* The body of an upload is only counted. */
        size_t part = c->skip < c->in.used ? c->skip : c->in.used;
        memmove(c->in.at, c->in.at + part, c->in.used -= part);
        if ((c->skip -= part)) return 0;
    }
    if (c->put) { /* All of it has come. */
        c->put = 0;
        rest(c, "PUT", "/");
        return 1;
    }
    reserve(&c->in, 1);
    c->in.at[c->in.used] = 0;
    char *end = strstr(c->in.at, "\r\n\r\n");
    if (!end) return 0;
    size_t head = (size_t)(end - c->in.at) + 4;
    *end = 0;
    size_t length = (size_t)number_in(strcasestr(c->in.at, "\r\ncontent-length:") ?: "", ":", 0);
    int expects = strcasestr(c->in.at, "\r\nexpect:") != NULL;
    int is_put = !strncmp(c->in.at, "PUT /", 5) && strncmp(c->in.at, "PUT /v2/", 8);
    *end = '\r';
    if (is_put) {
        if (expects) put(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
        now.put_bytes += (int64_t)length;
        memmove(c->in.at, c->in.at + head, c->in.used -= head);
        c->skip = length;
        c->put = 1;
        return 1;
    }
    if (c->in.used < head + length) return 0;
    *end = 0;
    char kept = c->in.at[head + length];
    c->in.at[head + length] = 0;
    request(fd, c->in.at, c->in.at + head);
    c->in.at[head + length] = kept;
    memmove(c->in.at, c->in.at + head + length, c->in.used -= head + length);
    return 1;
}

static void readable(int fd) {
    struct connection *c = &connections[fd];
    for (;;) {
        reserve(&c->in, 65536 + 1);
        ssize_t got = read(fd, c->in.at + c->in.used, 65536);
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) { drop(fd); return; }
        c->in.used += (size_t)got;
        if (got < 65536) break;
    }
    while (!c->parked && take(fd)) { }
    flush(fd);
}

static void accept_all(int listener) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= CONNECTIONS) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Answers long polls that have something now or ended; returns milliseconds to sleep at most. */
static int serve_parked(void) {
    int kept = 0, due[CONNECTIONS], due_count = 0;
    if (!parked_count) return -1;
    int64_t there = waiting(), time = clock_us(CLOCK_MONOTONIC), next = time + 1000000000;
    for (int i = 0; i < parked_count; i++) {
        struct connection *c = &connections[parked[i]];
        if (there > 0 || c->until <= time) {
            due[due_count++] = parked[i];
            there -= c->most;
        } else {
            if (c->until < next) next = c->until;
            parked[kept++] = parked[i];
        }
    }
    parked_count = kept;
    for (int i = 0; i < due_count; i++) {
        struct connection *c = &connections[due[i]];
        c->parked = 0;
        answer_receive(c);
        if (flush(due[i])) while (!c->parked && take(due[i])) flush(due[i]);
    }
    if (!parked_count) return -1;
    if (now.rate && now.taken < now.count && sent_at(now.taken + 1) < next) next = sent_at(now.taken + 1);
    return next <= time ? 0 : (int)((next - time + 999) / 1000);
}

int main(int count, char **arguments) {
    struct sockaddr_in place = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof place;
    struct epoll_event events[256];
    if (count != 2) { fprintf(stderr, "usage: stub BODIES\n"); return 2; }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    load(arguments[1]);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&place, size) || listen(listener, 512)) die("listen");
    getsockname(listener, (struct sockaddr *)&place, &size);
    printf("%d\n", ntohs(place.sin_port));
    fflush(stdout);
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event listening = { .events = EPOLLIN, .data.fd = listener };
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &listening);
    for (;;) {
        int ready = epoll_wait(poller, events, 256, serve_parked());
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) { accept_all(listener); continue; }
            if (events[i].events & EPOLLOUT) {
                struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
                epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
                if (!flush(fd)) continue;
            }
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(fd);
        }
    }
}
