/* A class 1 fax modem on a pseudo-terminal.
 *
 * soft_modem FOLDER: writes the terminal's name to FOLDER/tty. Its telephone line leads to a fax machine in
 * the same process; pages of call N go to FOLDER/call-N.tif. Numbers that end in 86 are busy. It runs in real
 * time: HylaFAX's T.30 has its own clocks.
 *
 * soft_modem FOLDER PORT: its telephone line is RTP (G.711 u-law) at this port of 127.0.0.1. The datagram RING
 * rings, and HANG UP ends the call. Its clock is the far end's: for each packet that comes one goes back, so
 * that nothing is lost however busy the machine is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <tiffio.h>
#include <spandsp.h>
#include <spandsp/expose.h>

#define SAMPLES 160
#define STEP 20000000 /* ns of them */

static int terminal;
static const char *folder;
static t31_state_t *modem;
static fax_state_t *machine;
static int calls, clear_to_send = 1, pending;

static int to_computer(at_state_t *at, void *user, const uint8_t *octets, size_t count)
{
    (void)at, (void)user;
    while (count > 0) {
        ssize_t written = write(terminal, octets, count);
        if (written > 0)
            octets += written, count -= (size_t)written;
        else if (errno != EAGAIN && errno != EINTR)
            return -1;
    }
    return 0;
}

static void hang_up(void)
{
    if (machine) {
        t30_terminate(fax_get_t30_state(machine));
        fax_free(machine);
        machine = NULL;
    }
}

static void answer(void)
{
    char file[512];
    snprintf(file, sizeof(file), "%s/call-%d.tif", folder, ++calls);
    machine = fax_init(NULL, FALSE);
    t30_state_t *t30 = fax_get_t30_state(machine);
    t30_set_rx_file(t30, file, -1);
    t30_set_tx_ident(t30, "+1 206 555 0100");
    t30_set_ecm_capability(t30, TRUE);
    t30_set_supported_compressions(t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
    t30_set_supported_resolutions(t30, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION);
    t30_set_supported_image_sizes(t30, T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_UNLIMITED_LENGTH | T30_SUPPORT_215MM_WIDTH);
    t30_set_supported_modems(t30, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
    fax_set_transmit_on_idle(machine, TRUE);
}

static int control(t31_state_t *s, void *user, int op, const char *number)
{
    (void)s, (void)user;
    switch (op) {
    case AT_MODEM_CONTROL_CALL:
        hang_up();
        pending = strlen(number) > 1 && strcmp(number + strlen(number) - 2, "86") == 0 ? AT_CALL_EVENT_BUSY : AT_CALL_EVENT_CONNECTED;
        break;
    case AT_MODEM_CONTROL_ANSWER:
        pending = AT_CALL_EVENT_ANSWERED;
        break;
    case AT_MODEM_CONTROL_HANGUP:
    case AT_MODEM_CONTROL_ONHOOK:
        hang_up();
        break;
    case AT_MODEM_CONTROL_CTS:
        clear_to_send = number != NULL;
        break;
    }
    return 0;
}

static void from_computer(void)
{
    char octets[512];
    while (clear_to_send) {
        ssize_t got = read(terminal, octets, sizeof(octets));
        if (got <= 0)
            return;
        t31_at_rx(modem, octets, (int)got);
    }
}

static void one_step(void)
{
    int16_t out[SAMPLES] = {0}, in[SAMPLES] = {0};
    from_computer();
    if (pending) {
        int event = pending;
        pending = 0;
        if (event == AT_CALL_EVENT_CONNECTED)
            answer();
        t31_call_event(modem, event);
    }
    int count = t31_tx(modem, out, SAMPLES);
    if (machine) {
        memset(out + count, 0, sizeof(int16_t) * (size_t)(SAMPLES - count));
        fax_rx(machine, out, SAMPLES);
        count = fax_tx(machine, in, SAMPLES);
        memset(in + count, 0, sizeof(int16_t) * (size_t)(SAMPLES - count));
    }
    t31_rx(modem, in, SAMPLES);
}

/* 20 ms of the telephone line go by. */
static void exchange(int16_t *in, int16_t *out)
{
    from_computer();
    if (pending) {
        int event = pending;
        pending = 0;
        t31_call_event(modem, event);
    }
    t31_rx(modem, in, SAMPLES);
    int count = t31_tx(modem, out, SAMPLES);
    memset(out + count, 0, sizeof(int16_t) * (size_t)(SAMPLES - count));
}

static void name_the_terminal(void)
{
    char file[512], whole[520];
    snprintf(file, sizeof(file), "%s/tty.new", folder);
    snprintf(whole, sizeof(whole), "%s/tty", folder);
    FILE *told = fopen(file, "w");
    fputs(ptsname(terminal), told);
    fclose(told);
    rename(file, whole);
}

#define HEADER 12 /* octets of RTP's (RFC 3550, 5.1) */

static void answer_rtp(int line, uint8_t *packet, const struct sockaddr_in *from)
{
    static uint16_t sequence;
    static uint32_t moment;
    int16_t in[SAMPLES], out[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        in[i] = ulaw_to_linear(packet[HEADER + i]);
    exchange(in, out);
    sequence++, moment += SAMPLES;
    uint8_t header[HEADER] = {0x80, 0, sequence >> 8, sequence & 255, moment >> 24, moment >> 16 & 255, moment >> 8 & 255, moment & 255, 1, 2, 3, 4};
    memcpy(packet, header, HEADER);
    for (int i = 0; i < SAMPLES; i++)
        packet[HEADER + i] = linear_to_ulaw(out[i]);
    sendto(line, packet, HEADER + SAMPLES, 0, (const struct sockaddr *)from, sizeof(*from));
}

static void carry_rtp(uint16_t port)
{
    int line = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(line, (struct sockaddr *)&here, sizeof(here)) != 0)
        exit(3);
    name_the_terminal();
    int in_call = 0; /* then the far end's packets are the clock */
    for (;;) {
        struct pollfd waits = {.fd = line, .events = POLLIN};
        if (poll(&waits, 1, 20) == 0) {
            int16_t silence[SAMPLES] = {0}, out[SAMPLES];
            if (in_call)
                from_computer();
            else
                exchange(silence, out);
            continue;
        }
        uint8_t packet[2048];
        struct sockaddr_in from;
        socklen_t size = sizeof(from);
        ssize_t got = recvfrom(line, packet, sizeof(packet), 0, (struct sockaddr *)&from, &size);
        if (got == 4 && memcmp(packet, "RING", 4) == 0) {
            in_call = 1;
            t31_call_event(modem, AT_CALL_EVENT_ALERTING);
        } else if (got == 7 && memcmp(packet, "HANG UP", 7) == 0) {
            in_call = 0;
            t31_call_event(modem, AT_CALL_EVENT_HANGUP);
        } else if (got == HEADER + SAMPLES)
            answer_rtp(line, packet, &from);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3)
        return 2;
    folder = argv[1];
    terminal = posix_openpt(O_RDWR | O_NOCTTY);
    grantpt(terminal), unlockpt(terminal);
    int ours = open(ptsname(terminal), O_RDWR | O_NOCTTY); /* so that it stays while nobody else has it */
    struct termios raw;
    tcgetattr(ours, &raw);
    cfmakeraw(&raw);
    tcsetattr(ours, TCSANOW, &raw);
    chmod(ptsname(terminal), 0666);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    modem = t31_init(NULL, to_computer, NULL, control, NULL, NULL, NULL);
    t31_set_transmit_on_idle(modem, TRUE);
    if (argc == 3)
        carry_rtp((uint16_t)atoi(argv[2]));
    name_the_terminal();
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        one_step();
        next.tv_nsec += STEP;
        while (next.tv_nsec >= 1000000000)
            next.tv_nsec -= 1000000000, next.tv_sec++;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
}
