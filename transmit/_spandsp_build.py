"""Build step: the bindings to libspandsp 0.0.6 (cffi API mode), compiled into `transmit._spandsp`.

API mode, because the C compiler then checks the layouts: spandsp 3 inserts fields into `t30_stats_t`, which a
binding by address alone would read wrongly without a word. Needs libspandsp-dev and a C compiler.
Only what `transmit/engine` uses is declared; `_spandsp.pyi` holds the same for mypy.
"""

from cffi import FFI

ffi = FFI()
ffi.cdef(r"""
typedef struct t30_state_s t30_state_t;
typedef struct t38_core_state_s t38_core_state_t;
typedef struct t38_terminal_state_s t38_terminal_state_t;
typedef struct fax_state_s fax_state_t;

typedef struct {
    int bit_rate; int error_correcting_mode; int pages_tx; int pages_rx;
    int y_resolution; int width; int encoding;
    int bad_rows; int error_correcting_mode_retries;
    ...;
} t30_stats_t;

extern "Python" int  transmit_ifp(t38_core_state_t *s, void *user, const uint8_t *packet, int len, int count);
extern "Python" int  transmit_phase_d(t30_state_t *s, void *user, int result);
extern "Python" void transmit_phase_e(t30_state_t *s, void *user, int code);
extern "Python" void transmit_frame(t30_state_t *s, void *user, int received, const uint8_t *msg, int len);

typedef int  t38_tx_packet_handler_t(t38_core_state_t *s, void *user, const uint8_t *buf, int len, int count);
typedef int  t30_phase_d_handler_t(t30_state_t *s, void *user, int result);
typedef void t30_phase_e_handler_t(t30_state_t *s, void *user, int code);
typedef void t30_real_time_frame_handler_t(t30_state_t *s, void *user, int dir, const uint8_t msg[], int len);

t38_terminal_state_t *t38_terminal_init(t38_terminal_state_t *s, int calling,
                                        t38_tx_packet_handler_t *handler, void *user);
int  transmit_tick(t38_terminal_state_t *s, int samples, int most_packets);
int  transmit_guarded_ifp(t38_core_state_t *s, void *user, const uint8_t *packet, int len, int count);
t30_state_t *t38_terminal_get_t30_state(t38_terminal_state_t *s);
t38_core_state_t *t38_terminal_get_t38_core_state(t38_terminal_state_t *s);
int  t38_terminal_free(t38_terminal_state_t *s);
int  t38_core_rx_ifp_packet(t38_core_state_t *s, const uint8_t *buf, int len, uint16_t seq_no);
void t38_set_t38_version(t38_core_state_t *s, int version);
void t38_set_data_rate_management_method(t38_core_state_t *s, int method);
void t38_set_max_datagram_size(t38_core_state_t *s, int octets);
void t38_set_fastest_image_data_rate(t38_core_state_t *s, int bit_rate);

fax_state_t *fax_init(fax_state_t *s, int calling);
int  fax_rx(fax_state_t *s, int16_t *amp, int len);
int  fax_rx_fillin(fax_state_t *s, int len);
int  fax_tx(fax_state_t *s, int16_t *amp, int len);
void fax_set_transmit_on_idle(fax_state_t *s, int on);
void fax_set_tep_mode(fax_state_t *s, int on);
t30_state_t *fax_get_t30_state(fax_state_t *s);
int  fax_free(fax_state_t *s);

void t30_terminate(t30_state_t *s);
void t30_get_transfer_statistics(t30_state_t *s, t30_stats_t *statistics);
const char *t30_completion_code_to_str(int code);
const char *t30_frametype(uint8_t fcf);
int  t30_set_tx_ident(t30_state_t *s, const char *ident);
const char *t30_get_rx_ident(t30_state_t *s);
int  t30_set_tx_sub_address(t30_state_t *s, const char *subaddress);
void t30_set_rx_file(t30_state_t *s, const char *file, int stop_page);
void t30_set_tx_file(t30_state_t *s, const char *file, int start_page, int stop_page);
int  t30_set_ecm_capability(t30_state_t *s, int enabled);
int  t30_set_rx_encoding(t30_state_t *s, int encoding);
int  t30_set_supported_modems(t30_state_t *s, int modems);
int  t30_set_supported_compressions(t30_state_t *s, int compressions);
int  t30_set_supported_resolutions(t30_state_t *s, int resolutions);
int  t30_set_supported_image_sizes(t30_state_t *s, int sizes);
void t30_set_phase_d_handler(t30_state_t *s, t30_phase_d_handler_t *handler, void *user);
void t30_set_phase_e_handler(t30_state_t *s, t30_phase_e_handler_t *handler, void *user);
void t30_set_real_time_frame_handler(t30_state_t *s, t30_real_time_frame_handler_t *h, void *u);
""")
ffi.cdef("""
static const int
    T30_SUPPORT_V27TER, T30_SUPPORT_V29, T30_SUPPORT_V17, T30_SUPPORT_T4_1D_COMPRESSION,
    T30_SUPPORT_T4_2D_COMPRESSION, T30_SUPPORT_T6_COMPRESSION, T30_SUPPORT_STANDARD_RESOLUTION,
    T30_SUPPORT_FINE_RESOLUTION, T30_SUPPORT_SUPERFINE_RESOLUTION, T30_SUPPORT_R8_RESOLUTION,
    T30_SUPPORT_215MM_WIDTH, T30_SUPPORT_UNLIMITED_LENGTH, T30_SUPPORT_A4_LENGTH,
    T30_SUPPORT_US_LETTER_LENGTH, T30_SUPPORT_US_LEGAL_LENGTH, T4_COMPRESSION_ITU_T4_1D,
    T4_COMPRESSION_ITU_T4_2D, T4_COMPRESSION_ITU_T6;

static const int
    T30_ERR_OK, T30_ERR_CEDTONE, T30_ERR_T0_EXPIRED, T30_ERR_T1_EXPIRED, T30_ERR_T3_EXPIRED,
    T30_ERR_HDLC_CARRIER, T30_ERR_CANNOT_TRAIN, T30_ERR_OPER_INT_FAIL, T30_ERR_INCOMPATIBLE,
    T30_ERR_RX_INCAPABLE, T30_ERR_TX_INCAPABLE, T30_ERR_NORESSUPPORT, T30_ERR_NOSIZESUPPORT,
    T30_ERR_UNEXPECTED, T30_ERR_TX_BADDCS, T30_ERR_TX_BADPG, T30_ERR_TX_ECMPHD, T30_ERR_TX_GOTDCN,
    T30_ERR_TX_INVALRSP, T30_ERR_TX_NODIS, T30_ERR_TX_PHBDEAD, T30_ERR_TX_PHDDEAD, T30_ERR_TX_T5EXP,
    T30_ERR_RX_ECMPHD, T30_ERR_RX_GOTDCS, T30_ERR_RX_INVALCMD, T30_ERR_RX_NOCARRIER, T30_ERR_RX_NOEOL,
    T30_ERR_RX_NOFAX, T30_ERR_RX_T2EXPDCN, T30_ERR_RX_T2EXPD, T30_ERR_RX_T2EXPFAX, T30_ERR_RX_T2EXPMPS,
    T30_ERR_RX_T2EXPRR, T30_ERR_RX_T2EXP, T30_ERR_RX_DCNWHY, T30_ERR_RX_DCNDATA, T30_ERR_RX_DCNFAX,
    T30_ERR_RX_DCNPHD, T30_ERR_RX_DCNRRD, T30_ERR_RX_DCNNORTN, T30_ERR_FILEERROR, T30_ERR_NOPAGE,
    T30_ERR_BADTIFF, T30_ERR_BADPAGE, T30_ERR_BADTAG, T30_ERR_BADTIFFHDR, T30_ERR_NOMEM,
    T30_ERR_RETRYDCN, T30_ERR_CALLDROPPED, T30_ERR_NOPOLL, T30_ERR_IDENT_UNACCEPTABLE,
    T30_ERR_SUB_UNACCEPTABLE, T30_ERR_SEP_UNACCEPTABLE, T30_ERR_PSA_UNACCEPTABLE,
    T30_ERR_SID_UNACCEPTABLE, T30_ERR_PWD_UNACCEPTABLE, T30_ERR_TSA_UNACCEPTABLE,
    T30_ERR_IRA_UNACCEPTABLE, T30_ERR_CIA_UNACCEPTABLE, T30_ERR_ISP_UNACCEPTABLE,
    T30_ERR_CSA_UNACCEPTABLE;
""")
ffi.set_source(
    "transmit._spandsp",
    r"""
#include <setjmp.h>
#include <stdio.h>
#include <spandsp.h>

/* Some answers at the wrong moment (a second MCF without error correction) send t38_terminal_send_timeout
   into a loop that makes packets without end. It is left from the packet that is one too many; the terminal
   is of no use afterwards, and is freed. */
static int transmit_ifp(t38_core_state_t *s, void *user, const uint8_t *packet, int len, int count);
static _Thread_local jmp_buf tick_began;
static _Thread_local int packets_left = -1;

static int transmit_guarded_ifp(t38_core_state_t *s, void *user, const uint8_t *packet, int len, int count)
{
    if (packets_left == 0)
        longjmp(tick_began, 1);
    if (packets_left > 0)
        packets_left--;
    return transmit_ifp(s, user, packet, len, count);
}

/* 0, or -1 where it would not have ended. */
static int transmit_tick(t38_terminal_state_t *s, int samples, int most_packets)
{
    volatile int result = -1;

    if (setjmp(tick_began) == 0)
    {
        packets_left = most_packets;
        t38_terminal_send_timeout(s, samples);
        result = 0;
    }
    packets_left = -1;
    return result;
}
""",
    libraries=["spandsp"],
)
