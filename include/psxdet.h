/* SPDX-License-Identifier: MIT */
/**
 * libpsxdet: reconfigurable perovskite X-ray detectors.
 *
 * The way through it: a psx_kernel (k x k weights) becomes, for the geometry
 * of a psx_device, a psx_bank (bias codes); loaded into the device it makes a
 * psx_acquisition deliver psx_frames, which can be walked, decoded or kept in
 * a psx_file.
 *
 * Conventions. Functions return 0 or a pointer on success, -1 or NULL with
 * errno on failure. Constructors take a `struct psx_error *` (may be NULL)
 * for the reason in words; an object's own failures are worded by
 * psx_<object>_error(), valid until the next call on that object. Origin is
 * top left, x to the right, y down; arrays are row-major. "Grey level" is the
 * unit of dose in one exposure: 4095 levels are 494 uGy. A "bit" is one step
 * of a frame's signed 16-bit values. Free functions accept NULL.
 *
 * Threads. Different objects may be used by different threads at once; one
 * object by one thread at a time. A device and its acquisition count as one
 * object, but for psx_acquisition_stop() (see there). Constant objects
 * (kernels, images, banks, frames) may be read by any number of threads. The
 * library has no global state.
 */
#ifndef PSXDET_H
#define PSXDET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PSX_API __attribute__((visibility("default")))

/** Why a call without an object of its own failed; one line, no newline. */
struct psx_error {
	int code; /**< the errno value */
	char message[252];
};

/** The library's version, "MAJOR.MINOR.PATCH". */
PSX_API const char *psx_version(void);

/* ------------------------------------------------------------- images -- */

/** Grey levels of one exposure, 16 bits a pixel. */
struct psx_image;

/** An image of width x height pixels at level 0. EINVAL for a side of 0 or
 * over 65535, ENOMEM. */
PSX_API struct psx_image *psx_image_new(uint32_t width, uint32_t height);

/**
 * Read a PGM (P2, P5; 8 or 16 bit), PNG or TIFF file, told apart by content.
 * The grey level is the sample value, 1:1, whatever the file's maximum;
 * colour becomes luma (ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, rounded).
 * A TIFF's first page is read; MinIsWhite is inverted. Errors: those of
 * open(2); EBADMSG for a truncated or malformed file; ESPIPE for a TIFF that
 * cannot be sought in; ENOTSUP for a TIFF of float or signed samples, palette,
 * separate planes, an orientation other than top left, or a compression other
 * than LZW, deflate and PackBits.
 */
PSX_API struct psx_image *psx_image_load(const char *path, struct psx_error *err);

/**
 * A phantom by name: `hust`, `blade`, `wedge`, `flat:LEVEL`, `baggage`,
 * `letter:H;rot=DEGREES;dx=X;dy=Y` (shifts in fractions of the image).
 * The same name, size and seed give the same image on every machine.
 * ENOENT for an unknown name, EINVAL for a bad parameter.
 */
PSX_API struct psx_image *psx_image_phantom(const char *name, uint32_t width,
					    uint32_t height, uint64_t seed,
					    struct psx_error *err);

PSX_API void psx_image_free(struct psx_image *img);
PSX_API uint32_t psx_image_get_width(const struct psx_image *img);
PSX_API uint32_t psx_image_get_height(const struct psx_image *img);

/** width * height grey levels. */
PSX_API const uint16_t *psx_image_get_levels(const struct psx_image *img);
/** The same, for writing, while nobody else reads them. */
PSX_API uint16_t *psx_image_edit_levels(struct psx_image *img);

/** Write a 16-bit binary PGM (maxval 65535), or 8-bit when no level exceeds
 * 255. Errors: those of open(2) and write(2); no partial file is left. */
PSX_API int psx_image_save(const struct psx_image *img, const char *path,
			   struct psx_error *err);

/* ------------------------------------------------ convolution kernels -- */

#define PSX_KERNEL_MAX_K 15

/** k x k weights in [-1, 1], k odd, and the scale that turns a weighted sum
 * of grey levels into frame bits. Immutable. */
struct psx_kernel;

/** Name of preset `index`, NULL past the last. */
PSX_API const char *psx_kernel_preset_name(size_t index);

/** One of identity, laplacian, log, mean, sobel-x, sobel-y, kirsch-n, -ne,
 * -e, -se, -s, -sw, -w, -nw. ENOENT for another name. */
PSX_API struct psx_kernel *psx_kernel_preset(const char *name, struct psx_error *err);

/**
 * A kernel from k*k coefficients. Weight = coefficient / scale; scale 0 takes
 * the largest magnitude, at least 1, so that one bit is one unit of the
 * coefficients. The scale is rounded up to the device's unsigned Q8.8.
 * EINVAL: k even, 0 or over PSX_KERNEL_MAX_K; a coefficient that is not
 * finite or exceeds the scale; all zero. ERANGE: scale above 255.99.
 */
PSX_API struct psx_kernel *psx_kernel_new(const char *name, unsigned int k,
					  const double *coefficients, double scale,
					  struct psx_error *err);

/**
 * Read a kernel file. Text: k lines of k numbers, `#` comments, optional line
 * `scale N`. JSON: {"name": S, "weights": [[...], ...], "scale": N}. The
 * numbers are coefficients as in psx_kernel_new(). EBADMSG names the line.
 */
PSX_API struct psx_kernel *psx_kernel_load(const char *path, struct psx_error *err);

PSX_API void psx_kernel_free(struct psx_kernel *kernel);
PSX_API const char *psx_kernel_get_name(const struct psx_kernel *kernel);
PSX_API unsigned int psx_kernel_get_k(const struct psx_kernel *kernel);
/** Frame bits for one grey level at weight 1; a multiple of 1/256. */
PSX_API double psx_kernel_get_scale(const struct psx_kernel *kernel);
/** k*k weights, row-major; weight (r, c) sits on sub-pixel (r, c). */
PSX_API const double *psx_kernel_get_weights(const struct psx_kernel *kernel);

/* ------------------------------------------------------------- sensor -- */

/** What the open beam gives a sub-pixel of weight 1 in 1 s: grey levels, and of what
 * dose rate in uGy/s. */
#define PSX_NOMINAL_LEVEL 4095.0
#define PSX_NOMINAL_RATE  494.0

/**
 * Bias in volts that gives `weight` on a nominal sub-pixel: inverse of the
 * Hecht response (Pang et al. 2024, eq. of the sensitivity; docs/sensor.md).
 * NaN beyond the weights of -100 V .. +100 V.
 */
PSX_API double psx_sensor_volts(double weight);
/** Weight of a nominal sub-pixel at `volts`, -100..100; NaN beyond. */
PSX_API double psx_sensor_weight(double volts);
/** Sensitivity in uC/Gy/cm2 of a nominal sub-pixel at `volts`; negative for
 * reverse bias; NaN beyond -100..100. */
PSX_API double psx_sensor_sensitivity(double volts);

#define PSX_CODE_MAX 32767
/** Volts of a DAC code. */
PSX_API double psx_code_to_volts(int16_t code);

/* -------------------------------------------------------------- banks -- */

enum psx_mode {
	PSX_MODE_SCAN = 0,  /**< k*k exposures a frame, full resolution */
	PSX_MODE_SNAP = 1,  /**< one exposure, floor(W/k) x floor(H/k) values */
	PSX_MODE_POINT = 2, /**< one macro-pixel, one value */
};

/** Bias codes of one kernel for one sensor, and the offset and dark maps that
 * were measured with them. Only psx_device_zero() changes one, while nobody else
 * uses it. */
struct psx_bank;

/** A sensor's sub-pixels. `border` ones at every edge see nothing. */
struct psx_geometry {
	uint32_t width, height;
	uint32_t border;
};

/**
 * Weights -> volts -> codes for a sensor of nominal sub-pixels. In scan
 * mode the weights of missing sub-pixels are folded onto the edge ones, which
 * equals a replicated border; where a folded weight exceeds 1 the whole kernel
 * is shrunk and the scale grows by the same factor; up to 1/64 more, where that
 * brings the weights nearer to steps of the DAC. The codes of a cell are
 * chosen together so that the realised weights add up to the wanted sum (the
 * null) as exactly as the DAC allows. ERANGE: scale above 255.99 after
 * shrinking; EINVAL: snap mode on a sensor smaller than k x k.
 */
PSX_API struct psx_bank *psx_bank_new(const struct psx_kernel *kernel,
				      const struct psx_geometry *geometry, enum psx_mode mode,
				      struct psx_error *err);
/**
 * Snap mode with a kernel of its own for every macro-pixel, the bank map:
 * `map` has floor(width/k) * floor(height/k) indices into `kernels`, row-major.
 * All kernels have one k; they share the largest scale among them, those of
 * smaller scale are shrunk to it. EINVAL for different k or an index that is
 * not below `count`; else as psx_bank_new().
 */
PSX_API struct psx_bank *psx_bank_new_map(const struct psx_kernel *const *kernels, size_t count,
					  const uint8_t *map,
					  const struct psx_geometry *geometry,
					  struct psx_error *err);
/**
 * A bank of given codes: `codes` has one plane of width * height a phase
 * (k * k in scan mode, else one), copied; `scale` is Q8.8. EINVAL for code
 * -32768, a scale of 0 or an even k; ENOMEM.
 */
PSX_API struct psx_bank *psx_bank_new_codes(unsigned int k, enum psx_mode mode,
					    const struct psx_geometry *geometry, uint16_t scale,
					    const int16_t *codes, struct psx_error *err);
PSX_API void psx_bank_free(struct psx_bank *bank);
PSX_API enum psx_mode psx_bank_get_mode(const struct psx_bank *bank);
PSX_API unsigned int psx_bank_get_k(const struct psx_bank *bank);
/** Q8.8 scale after shrinking, as the device gets it. */
PSX_API uint16_t psx_bank_get_scale(const struct psx_bank *bank);
/** k*k in scan mode, else 1. */
PSX_API unsigned int psx_bank_get_phases(const struct psx_bank *bank);
/** Largest |realised sum - wanted sum| of any cell, in weights. */
PSX_API double psx_bank_get_residual(const struct psx_bank *bank);

/**
 * The bias plane of one phase: width * height codes into `codes`. Phase
 * p = py * k + px has a macro-pixel corner on every sub-pixel (x, y) with
 * x mod k = px and y mod k = py. EINVAL for a phase out of range.
 */
PSX_API int psx_bank_get_plane(const struct psx_bank *bank, unsigned int phase,
			       int16_t *codes);
/** One byte an output, 1 = its value means nothing, because of defective
 * sub-pixels; NULL when all are good. Outputs are as in frames. */
PSX_API const uint8_t *psx_bank_get_mask(const struct psx_bank *bank);
/** Offset DAC codes and eighths of ADC codes as psx_device_zero() measured them, one an
 * output, as in frames; NULL before. */
PSX_API const int16_t *psx_bank_get_offset(const struct psx_bank *bank);
PSX_API const int16_t *psx_bank_get_dark(const struct psx_bank *bank);

/* ------------------------------------------------------------ devices -- */

enum psx_polarity {
	PSX_POSITIVE = 0, /**< keep v >= T */
	PSX_BOTH = 1,     /**< keep |v| >= T */
};

#define PSX_CAP_SHUTTER 0x01u /**< dark and open-beam exposures */
#define PSX_CAP_SCENE   0x02u /**< psx_device_present() works */
#define PSX_CAP_STAGE   0x04u /**< psx_device_move() works */
#define PSX_CAP_OFFSET  0x08u /**< has dark current: psx_device_zero() is of use */

/** Fixed facts of a device; may grow at its end. */
struct psx_device_info {
	char uri[128];
	char model[32];
	char serial[33];
	uint32_t width, height;   /**< sub-pixels */
	uint32_t max_k;
	uint32_t banks;           /**< bank slots */
	uint32_t planes;          /**< bias planes that fit, all banks together */
	uint32_t dac_bits, adc_bits;
	uint32_t pitch_um;        /**< sub-pixel pitch */
	uint32_t max_mv;          /**< bias limit, +- mV */
	uint32_t max_neighbour_mv;
	uint32_t caps;            /**< PSX_CAP_* */
	uint64_t min_exposure_ns, max_exposure_ns;
	uint64_t settle_ns;       /**< after a commit and between phases */
	bool simulated;           /**< shows scenes, so it has no beam */
	uint32_t border;          /**< sub-pixels at every edge that see nothing */
	uint32_t max_slew;        /**< of the rails, mV per ms */
	uint32_t rail_mv;         /**< where they are when on, +- */
	uint32_t scene_width, scene_height; /**< of psx_device_present() */
};

enum psx_shutter {
	PSX_SHUTTER_CLOSED = 0,
	PSX_SHUTTER_OPEN = 1,
	PSX_SHUTTER_BEAM = 2, /**< open, and the object out of the beam */
};

/** State that changes, as it was at the call; may grow at its end. */
struct psx_device_status {
	uint32_t cfg_id;          /**< latched configuration, 0 = none yet */
	uint32_t rails;           /**< 0 off, 1 ramping, 2 on, 3 tripped */
	int32_t rail_mv[2];       /**< positive, negative monitor */
	int64_t leakage_pa;
	int32_t temperature_mc;   /**< 1/1000 degree Celsius */
	bool running, shutter_open;
	uint64_t made, dropped;   /**< frames, since reset */
	uint64_t device_ns;       /**< device clock */
	bool interlock_open;
	bool claimed;             /**< somebody may change biases and rails */
	int32_t claim_pid;        /**< who; 0 = none, or not to be seen from here */
	uint32_t pending_cfg_id;  /**< waits for the frame boundary, 0 = none */
	uint32_t cause;           /**< of a trip: 1 over-current, 2 interlock, 3 watchdog; in
				   * events also 4 heartbeat, 5 owner gone, 6 host */
	uint32_t series;          /**< acquisition that runs or ran last */
	uint32_t readers, reserving; /**< programs that read frames; of these, reserving */
	bool software_trigger;    /**< what was loaded last waits for psx_device_trigger() */
	enum psx_shutter shutter;
	uint32_t hold_ms;         /**< until rails go down that are held without an owner; 0 =
				   * not held */
	uint32_t slew;            /**< of the rails, mV per ms */
	uint32_t readback_faults; /**< DACs that did not follow at the last latch */
	uint32_t readback_first;  /**< y * width + x of the first of them */
	uint32_t calibration_id;  /**< of what is loaded, 0 = none */
	int64_t calibration_time; /**< when it was made, seconds since 1970 */
	int32_t stage_x, stage_y; /**< where it is, um; 0 without PSX_CAP_STAGE */
	bool stage_moving;        /**< it is not where it was sent, and nothing starts before */
};

struct psx_device;

/**
 * Open a detector: `/dev/psxdetN`; `serial:NAME`, a serial number or the
 * beginning of one; or `sim:key=value,...`, a model inside this process (keys:
 * docs/sim.md). Opening a detector changes nothing. The first function that
 * changes it (load, start, trigger, present, set_shutter) claims it: until this
 * object is closed nobody else can change it, and those functions fail with
 * EBUSY, naming the owner. The claim ends with the process, too; its end, in
 * any way, ends the acquisition and ramps the rails down. What is loaded stays.
 * Who may only read the node can see its state and events and join without
 * `reserving`; all else fails with EACCES.
 * Errors: EINVAL (bad URI or key, or a serial number that is not unique),
 * ENOENT (no such detector, or no driver), EACCES (names the group), ENODEV
 * (not a detector), EPROTO (a driver of another release), ENOMEM, and those of
 * psx_image_load() for `scene=`.
 */
PSX_API struct psx_device *psx_device_open(const char *uri, struct psx_error *err);
/** Closes. While an acquisition of it is not freed, the device lives on. */
PSX_API void psx_device_close(struct psx_device *dev);
PSX_API const char *psx_device_error(const struct psx_device *dev);
PSX_API const struct psx_device_info *psx_device_get_info(const struct psx_device *dev);
/** Valid until the next call on the device. NULL with ENODEV when it is gone. */
PSX_API const struct psx_device_status *psx_device_get_status(struct psx_device *dev);
/** Show a model another scene; grey levels at its nominal dose rate and 1 s.
 * ENOTSUP without PSX_CAP_SCENE, EINVAL for another size than info.scene_width x
 * scene_height, EBUSY while running. */
PSX_API int psx_device_present(struct psx_device *dev, const struct psx_image *scene);
/**
 * Move the object before a detector that has a stage: sub-pixel (0, 0) is then at (x, y)
 * um on it, from its top left; a model's level covers info.pitch_um of it, and beyond
 * its edge it goes on as it is there. Frames carry the position. Returns when it is there.
 * ENOTSUP without PSX_CAP_STAGE; EINVAL out of reach, of either axis, and EBUSY while
 * running: it has not moved; ETIMEDOUT when it comes no nearer; ECANCELED when it was sent
 * elsewhere meanwhile; EINTR after a signal, also under SA_RESTART: call again. Until it is
 * there, or is sent to where it is, no acquisition starts.
 */
PSX_API int psx_device_move(struct psx_device *dev, int32_t x_um, int32_t y_um);
/** ENOTSUP without PSX_CAP_SHUTTER, EBUSY while running. */
PSX_API int psx_device_set_shutter(struct psx_device *dev, enum psx_shutter position);

/** Asked for darkness (PSX_SHUTTER_CLOSED), the open beam or the object in it
 * (PSX_SHUTTER_OPEN); returns when it is there. Not 0 is ECANCELED. */
typedef int (*psx_operator)(void *arg, enum psx_shutter wanted);
/** Who does what a shutter would, for psx_device_zero() and calibrations on a device
 * without PSX_CAP_SHUTTER, where these are ENOTSUP otherwise. NULL for nobody. */
PSX_API void psx_device_set_operator(struct psx_device *dev, psx_operator ask, void *arg);

/** How rails are switched on; all 0 = 100 mV/ms, no hold, no heartbeat. */
struct psx_rails_options {
	uint32_t slew;         /**< mV per ms, up to info.max_slew; 0 = 100 */
	uint32_t hold_ms;      /**< that they stay up after this object or its process
				* ended, 24 h at most; who claims next takes them over */
	uint32_t heartbeat_ms; /**< they go down when psx_device_beat() is later than this;
				* 0 = not needed, else 10 ms..1 h */
};

/**
 * Switch the rails on and wait until they are there, or, when they are on, change
 * hold and heartbeat. They stay until psx_device_rails_off() or the end of the
 * claim (and its hold), over acquisitions. NULL for the options is all 0. EINVAL
 * for what is out of range, EBUSY for another slew while they are up, EIO (a trip,
 * an open interlock), ETIMEDOUT (not there within 10 s and what the slew takes).
 */
PSX_API int psx_device_rails_on(struct psx_device *dev, const struct psx_rails_options *options);
/** Down, and wait for it. Ends an acquisition. 0 when they were down. */
PSX_API int psx_device_rails_off(struct psx_device *dev);
/** Forget a trip. EBUSY while voltage is left or the interlock is open, EINVAL
 * when nothing tripped. */
PSX_API int psx_device_clear_trip(struct psx_device *dev);
/** The heartbeat. */
PSX_API int psx_device_beat(struct psx_device *dev);

enum psx_event {
	PSX_EVENT_RAILS = 1,   /**< rails, cause */
	PSX_EVENT_COMMIT = 2,  /**< cfg_id is latched, and was read back */
	PSX_EVENT_END = 3,     /**< an acquisition ended: series */
	PSX_EVENT_OVERRUN = 4, /**< this object's lossy reader lost `count` frames; while it
				* reads, `overrun` of its account tells */
	PSX_EVENT_ERROR = 5,   /**< error and error_register, as docs/registers.md has them */
	PSX_EVENT_GONE = 6,    /**< unplugged; the last one */
};

/** What a device reports by itself; may grow at its end. */
struct psx_device_event {
	enum psx_event type;
	uint32_t lost;            /**< events before it that nobody took in time */
	uint64_t mono_ns;         /**< CLOCK_MONOTONIC */
	uint32_t rails, cause;    /**< as in struct psx_device_status */
	uint32_t cfg_id, series;
	uint32_t error, error_register;
	uint64_t count;           /**< overrun: frames; commit: DACs that did not follow */
};

/**
 * The next event since the device was opened. 1; or -1: ETIMEDOUT (timeout_ms,
 * -1 waits for ever), EINTR, ENODEV after the last one, ENOTSUP for a model in
 * this process. Loading and acquiring take the events of their own object: to
 * watch a device, open it once more.
 */
PSX_API int psx_device_next_event(struct psx_device *dev, int timeout_ms,
				  struct psx_device_event *event);
/** A file to poll() for POLLPRI, which is set when an event is there, POLLERR
 * when the device is gone; it stays the device's. -1 with ENOTSUP for a model in
 * this process. */
PSX_API int psx_device_get_fd(const struct psx_device *dev);

/** A detector that was found; may grow at its end. */
struct psx_device_entry {
	const char *node;   /**< "/dev/psxdet0" */
	const char *serial; /**< "" when not known */
	const char *model;  /**< "" when not known */
};

/** Call `found` for every detector that udev knows, until it returns non-zero,
 * which is then returned. The entry is valid during the call. 0 when all were
 * shown, -1 with ENODEV when udev is not available. */
PSX_API int psx_device_enumerate(int (*found)(const struct psx_device_entry *entry, void *arg),
				 void *arg);

/* ------------------------------------------------------------ monitor -- */

/** Detectors as they come and go. */
struct psx_monitor;

enum psx_monitor_action {
	PSX_MONITOR_PRESENT = 1, /**< was there at psx_monitor_new(); these come first */
	PSX_MONITOR_ADDED = 2,
	PSX_MONITOR_REMOVED = 3,
};

/** A copy, with text of its own; may grow at its end. */
struct psx_monitor_event {
	enum psx_monitor_action action;
	char node[64];
	char serial[40]; /**< "" when not known */
	char model[32];  /**< "" when not known */
};

/** ENODEV when udev is not available, ENOMEM. */
PSX_API struct psx_monitor *psx_monitor_new(struct psx_error *err);
PSX_API void psx_monitor_free(struct psx_monitor *mon);
/** A file to poll() for POLLIN; take events until ETIMEDOUT before. */
PSX_API int psx_monitor_get_fd(const struct psx_monitor *mon);
/** 1 with an event; -1: ETIMEDOUT (timeout_ms, -1 waits for ever), EINTR, ENOMEM. */
PSX_API int psx_monitor_next(struct psx_monitor *mon, int timeout_ms,
			     struct psx_monitor_event *event);

/* ------------------------------------------------------ configuration -- */

/** How banks are used; a plain value object, new ones hold the defaults. */
struct psx_settings;

/** Scan, positive, T = 1, PGA 0, exposure 1 s, as fast as possible. */
PSX_API struct psx_settings *psx_settings_new(void);
PSX_API void psx_settings_free(struct psx_settings *s);
/** The setters refuse what no device accepts with EINVAL. */
PSX_API int psx_settings_set_polarity(struct psx_settings *s, enum psx_polarity polarity);
/** Bits, 0..32767; 0 turns the comparator off. */
PSX_API int psx_settings_set_threshold(struct psx_settings *s, unsigned int threshold);
/**
 * 1, 2, 4 .. 128, or 0: the highest at which the full dose of the beam (4095 grey
 * levels a second) can't be clipped, whatever the scene. An ADC step is 1/4 grey
 * level / PGA, with the scale of a Laplacian 2 bits / PGA; its range +-8192 levels /
 * PGA.
 */
PSX_API int psx_settings_set_pga(struct psx_settings *s, unsigned int gain);
/** Integration time of one exposure in ns, above 0. */
PSX_API int psx_settings_set_exposure(struct psx_settings *s, uint64_t ns);
/** Time from frame to frame in ns; 0 = as fast as exposures allow. */
PSX_API int psx_settings_set_period(struct psx_settings *s, uint64_t ns);
/** Frames start by psx_device_trigger() instead of the device's timer. */
PSX_API int psx_settings_set_software_trigger(struct psx_settings *s, bool on);

/**
 * Upload `count` banks of one mode and latch them with the settings as one
 * configuration; frames cycle through the banks, channel i from bank i. NULL
 * for the settings means the defaults of psx_settings_new().
 * Errors: EINVAL (geometry, mixed modes, rate above 1/(phases * (settle +
 * exposure))), ENOSPC (more banks or planes than the device holds), EBUSY
 * (another commit is pending, or an acquisition runs that these banks need
 * the planes of). On failure the configuration in force stays.
 */
PSX_API int psx_device_load(struct psx_device *dev, const struct psx_settings *s,
			    struct psx_bank *const *banks, size_t count,
			    uint32_t *cfg_id);

/**
 * Measure what the device shows in the dark with these banks and settings, and
 * keep it in the banks as offset and dark maps, which psx_device_load() puts
 * in force. Dark current is charge like any other: it grows with bias, exposure
 * and temperature, so maps hold for the settings that they were measured with.
 * With the shutter closed (which it does, and puts it back; without one the
 * operator is asked), `frames` exposures of each bank are averaged, 0 = 4. Rails are
 * switched on for it, and off unless they were on. What was loaded before is replaced
 * by these banks, with their maps; it is gone when this fails on the way. Without PSX_CAP_OFFSET it only loads.
 * Errors: those of psx_device_load(), psx_acquisition_start() and _next();
 * ENOTSUP without shutter and operator; ECANCELED; ERANGE when dark current is
 * beyond the offset DAC for all outputs of a bank. Where it is for some, these
 * are in the bank's mask.
 */
PSX_API int psx_device_zero(struct psx_device *dev, const struct psx_settings *s,
			    struct psx_bank *const *banks, size_t count, unsigned int frames,
			    uint32_t *cfg_id);

/** Read the plane of one phase of what is loaded: width * height codes, as they
 * were loaded, or as the DACs' monitors show them. */
PSX_API int psx_device_read_plane(struct psx_device *dev, unsigned int channel,
				  unsigned int phase, int16_t *codes);
PSX_API int psx_device_read_monitors(struct psx_device *dev, unsigned int channel,
				     unsigned int phase, int16_t *codes);
/** What is in force: number of channels, and the shape of one. ENODATA when
 * nothing is loaded, EINVAL for a channel that isn't there. */
struct psx_channel_info {
	uint32_t bank; /**< slot */
	unsigned int k, phases;
	enum psx_mode mode;
	uint16_t scale;     /**< Q8.8 */
	uint16_t threshold; /**< bits */
};
PSX_API int psx_device_get_channels(struct psx_device *dev);
PSX_API int psx_device_get_channel(struct psx_device *dev, unsigned int channel,
				   struct psx_channel_info *info);
/** The settings in force, the threshold that of channel 0; for the caller to change,
 * load again and free. NULL with ENODATA when nothing is loaded, ENOMEM. */
PSX_API struct psx_settings *psx_device_get_settings(struct psx_device *dev);

/* -------------------------------------------------------- calibration -- */

/**
 * How every sub-pixel of one detector answers to its bias: Hecht parameters for
 * each sign, dark current, defects; and, for kernels that were nulled, what is
 * to be added to the weights so that a flat beam gives nothing. Bound to the
 * detector's serial number, temperature and date. docs/calibration-file.md
 */
struct psx_calibration;

enum psx_defect {
	PSX_GOOD = 0,
	PSX_DEAD = 1,  /**< hardly any response */
	PSX_HOT = 2,   /**< dark current that nothing can be measured beside */
	PSX_STUCK = 3, /**< the DAC does not follow */
	PSX_WEAK = 4,  /**< does not reach the weights that the others share */
};

/** Response of one sub-pixel to one sign of bias (docs/sensor.md). */
struct psx_hecht {
	double gain;     /**< response over that of a nominal sub-pixel, saturated */
	double mu_tau;   /**< cm2/V */
	double surface;  /**< s/mu, V/cm */
	double residual; /**< rms of the fit, relative to the response at weight 1 */
	double dark;     /**< levels per second and volt, signed as the bias */
};

/** What a calibration took and found; may grow at its end. */
struct psx_calibration_info {
	uint32_t id; /**< not 0 */
	char serial[33], model[32];
	struct psx_geometry geometry;
	int64_t time;           /**< seconds since 1970 */
	int32_t temperature_mc;
	unsigned int biases;    /**< of each sign */
	unsigned int frames;    /**< exposures averaged at each */
	uint32_t dead, hot, stuck, weak;
	double headroom;        /**< largest weight that all good sub-pixels reach, at most 1 */
	double fit_rms, fit_max; /**< residuals of the fits of good sub-pixels */
	size_t nulls;           /**< kernels that were nulled */
};

/** Told now and then: `done` of `total` steps. Not 0 ends the work with
 * ECANCELED. */
typedef int (*psx_progress)(void *arg, const char *what, uint64_t done, uint64_t total);
/** May grow at its end; all 0 are the defaults. */
struct psx_calibration_options {
	unsigned int biases;  /**< of each sign, 5..64; 0 = 17 */
	unsigned int frames;  /**< exposures averaged at each, 1..1024; 0 = 4 */
	uint64_t exposure_ns; /**< 0 = 1 s */
	psx_progress progress; /**< may be NULL */
	void *arg;             /**< of `progress` */
};

/**
 * Measure every sub-pixel of `dev` at biases of both signs, dark and in the open
 * beam, and fit. Claims the device, switches the rails on and off again; what was
 * loaded is lost. Errors: those of psx_device_load(), psx_acquisition_start() and
 * _next(); ECANCELED; ENOTSUP; ENODATA when no beam reaches the sensor, or
 * no sub-pixel is good.
 * Worded by `err`.
 */
PSX_API struct psx_calibration *
psx_calibration_run(struct psx_device *dev, const struct psx_calibration_options *options,
		    struct psx_error *err);
/** EBADMSG for a file that is no calibration, was cut short or altered; ENOTSUP
 * for a later version. */
PSX_API struct psx_calibration *psx_calibration_load(const char *path, struct psx_error *err);
/** Whole or not at all, as psx_file_commit(). */
PSX_API int psx_calibration_save(const struct psx_calibration *cal, const char *path,
				 struct psx_error *err);
PSX_API void psx_calibration_free(struct psx_calibration *cal);
PSX_API const struct psx_calibration_info *
psx_calibration_get_info(const struct psx_calibration *cal);
/** Is it of this detector? EXDEV when serial or geometry differ. */
PSX_API int psx_calibration_check(const struct psx_calibration *cal,
				  const struct psx_device_info *info, struct psx_error *err);
/** Parameters of sub-pixel (x, y); ERANGE outside. */
PSX_API int psx_calibration_get_hecht(const struct psx_calibration *cal, uint32_t x, uint32_t y,
				      bool forward, struct psx_hecht *hecht);
/** PSX_DEAD outside. */
PSX_API enum psx_defect psx_calibration_get_defect(const struct psx_calibration *cal, uint32_t x,
						   uint32_t y);

/** A kernel that was nulled. */
struct psx_calibration_null {
	char name[64];
	unsigned int k;
	enum psx_mode mode;
};
/** Number `index` of info->nulls; ERANGE past the last. */
PSX_API int psx_calibration_get_null(const struct psx_calibration *cal, size_t index,
				     struct psx_calibration_null *null);

/**
 * A bank through each sub-pixel's own curve, with the null of this kernel when
 * the calibration has one. Weights are shrunk to the headroom and the scale
 * grows by the same factor. Neighbours stand in for defective sub-pixels where
 * the weights allow; the outputs that can't be saved are in the bank's mask.
 * Errors as psx_bank_new().
 */
PSX_API struct psx_bank *psx_calibration_make_bank(const struct psx_calibration *cal,
						   const struct psx_kernel *kernel,
						   enum psx_mode mode, struct psx_error *err);

/** What is left of a flat open beam that a kernel's sum should take away, or is
 * more or less than that sum; relative to its largest weight. */
struct psx_residual {
	double rms, max; /**< over the outputs that are not masked */
	uint32_t worst_x, worst_y;
	size_t outputs;  /**< that are not masked */
};
/**
 * The flat-field null: show the open beam to this kernel's bank, measure what each
 * output is off by, and keep the correction in the calibration; `frames`
 * exposures, 0 = 64. Twice, or a third time where that helps. *before and *after
 * may be NULL. Of the options exposure and progress count. On failure the
 * calibration is as it was. Errors as psx_calibration_run() and _make_bank(); EXDEV
 * as _check().
 */
PSX_API int psx_calibration_null(struct psx_calibration *cal, struct psx_device *dev,
				 const struct psx_kernel *kernel, enum psx_mode mode,
				 unsigned int frames,
				 const struct psx_calibration_options *options,
				 struct psx_residual *before, struct psx_residual *after,
				 struct psx_error *err);
/** Show a bank the open beam and measure what is left, without changing it, at the
 * highest gain that this allows; `map` (may be NULL) gets the residual of every
 * output, NaN where it is masked. Banks of codes or maps should give nothing. */
PSX_API int psx_calibration_measure(struct psx_device *dev, const struct psx_bank *bank,
				    unsigned int frames,
				    const struct psx_calibration_options *options, float *map,
				    struct psx_residual *residual, struct psx_error *err);

/** Start one frame in software trigger mode. */
PSX_API int psx_device_trigger(struct psx_device *dev);

/* --------------------------------------------------- characterisation -- */

/** Sub-pixels; width 0 is the whole sensor, without its border. */
struct psx_region {
	uint32_t x, y, width, height;
};
/** ERANGE when it is not inside the sensor. */
PSX_API int psx_device_check_region(struct psx_device *dev, const struct psx_region *region);

/** A detector as a dosimeter: all sub-pixels of a region at one bias, each read by
 * itself. */
struct psx_probe;

/**
 * What a light makes of it, in grey levels: 4095 are 494 uGy at weight 1. `signal` is a
 * mean over sub-pixels and exposures, less darkness; `noise` is that of one sub-pixel in
 * one exposure. Of both, the same sub-pixels are left out.
 */
struct psx_reading {
	double signal;	    /**< negative for reverse bias */
	double error;	    /**< standard error of it, by the noise of this light */
	double noise;	    /**< standard deviation from exposure to exposure; NaN of a single one */
	double noise_error; /**< standard error of the noise */
	double spread;	    /**< standard deviation from sub-pixel to sub-pixel */
	double dark;	    /**< mean dark level that was taken off */
	double dark_error;  /**< of that: all readings at one setting have it in common */
	size_t used;	    /**< sub-pixels */
	size_t clipped;	    /**< at the ADC's end in this light, and left out: the rest is no
			     * fair sample */
	size_t blind;	    /**< dark beyond the offset DAC, and left out */
};

/** The mean over the region in one exposure. */
struct psx_sample {
	double seconds; /**< device clock at its end */
	double signal;  /**< grey levels */
};

/**
 * Claims the detector and switches its rails on, unless they are; psx_probe_free()
 * puts rails and shutter back. What was loaded is lost. A probe and its device are
 * one object, and it ends before the device. ENOTSUP without shutter and operator,
 * ERANGE for a region that is not inside the sensor, and those of
 * psx_device_rails_on().
 */
PSX_API struct psx_probe *psx_probe_new(struct psx_device *dev, const struct psx_region *region,
					struct psx_error *err);
PSX_API void psx_probe_free(struct psx_probe *probe);
PSX_API const char *psx_probe_error(const struct psx_probe *probe);
/** Told as `what` before each exposure; the number of exposures is not known. */
PSX_API void psx_probe_set_progress(struct psx_probe *probe, psx_progress progress, void *arg);
/**
 * From here on: bias in volts, -100..100; exposure; gain 1, 2 .. 128. Takes `frames`
 * exposures in the dark (0 = 16), whose mean is taken off what follows; where this
 * probe was set so before, with as many or more, what it saw then is used. EINVAL; errors as
 * psx_device_zero(), ERANGE where no sub-pixel's dark current can be taken off.
 */
PSX_API int psx_probe_set(struct psx_probe *probe, double volts, uint64_t exposure_ns,
			  unsigned int pga, unsigned int frames);
/** `frames` exposures (1..1024), shutter as said. `samples` (may be NULL) gets one for
 * each; they can't leave out what clips later, so ERANGE where something does. EINVAL
 * before psx_probe_set(); errors as psx_acquisition_next(). */
PSX_API int psx_probe_expose(struct psx_probe *probe, enum psx_shutter shutter,
			     unsigned int frames, struct psx_reading *reading,
			     struct psx_sample *samples);
/**
 * The highest gain for this light, by a look at it and at darkness at a gain of 1: the
 * largest signal and six times the noise fit into the ADC. ERANGE when the light is
 * beyond it even so. psx_probe_set() comes next.
 */
PSX_API int psx_probe_choose_pga(struct psx_probe *probe, double volts, uint64_t exposure_ns,
				 enum psx_shutter shutter, unsigned int *pga);
/** From here on, sub-pixels whose response in the last exposures was another than the median
 * one's (dead, stuck) are left out. */
PSX_API void psx_probe_leave_out_odd(struct psx_probe *probe);
/** Levels of the last exposures and dark levels, by sub-pixel of the region, row by row;
 * NaN where it can't be read. */
PSX_API const float *psx_probe_get_levels(const struct psx_probe *probe);
PSX_API const float *psx_probe_get_dark(const struct psx_probe *probe);
/** The region, with a width. */
PSX_API const struct psx_region *psx_probe_get_region(const struct psx_probe *probe);

/** Readings at several settings, of the same sub-pixels all. */
struct psx_series;

/** NULL with ENOMEM. */
PSX_API struct psx_series *psx_series_new(void);
PSX_API void psx_series_free(struct psx_series *series);
/** Keep the probe's last exposures. `reading`, which they gave, stays where it is until
 * psx_series_agree() corrects it. EINVAL when there were none, or of another number of sub-pixels;
 * ENOMEM. */
PSX_API int psx_series_add(struct psx_series *series, const struct psx_probe *probe,
			   struct psx_reading *reading);
/** Leaves sub-pixels out of all readings that are blind or clipped in one, or have another
 * response than the median one (dead, stuck). `dark` of the readings stays as it was. ENOMEM. */
PSX_API int psx_series_agree(struct psx_series *series, size_t *used, size_t *left_out);

/** Response curves: all sub-pixels of a region at biases of both signs, dark and in
 * the open beam, and the Hecht equation fitted to each. */
struct psx_sweep;

/** May grow at its end; all 0 are the defaults. */
struct psx_sweep_options {
	unsigned int biases;   /**< of each sign, 5..64; 0 = 17 */
	unsigned int frames;   /**< exposures averaged at each, 1..1024; 0 = 4 */
	uint64_t exposure_ns;  /**< 0 = 1 s */
	double dose_rate;      /**< of the open beam, uGy/s, as a dosimeter shows it; 0 = 494 */
	psx_progress progress; /**< may be NULL */
	void *arg;
};

/** One bias; means over the region. Current densities by sub-pixel area. */
struct psx_sweep_point {
	double volts;
	double dark_na_cm2;  /**< signed as the bias; NaN when beyond the offset DAC */
	double photo_na_cm2; /**< lit less dark */
	double sensitivity;  /**< uC/Gy/cm2 */
	double spread;	     /**< of the sensitivity, from sub-pixel to sub-pixel */
	double fitted;	     /**< sensitivity by the mean parameters; NaN without a fit */
};

struct psx_estimate {
	double value;
	double error;  /**< standard uncertainty (68 %), without that of the dose */
	double spread; /**< standard deviation from sub-pixel to sub-pixel, noise taken off; 0
			* of one */
};

/**
 * Parameters of one sign (docs/sensor.md): means over sub-pixels, with an error that says how
 * well the crystal is known that they are a sample of. Of one sub-pixel it is that of its
 * fit.
 */
struct psx_sweep_fit {
	struct psx_estimate s0;	     /**< uC/Gy/cm2: I0 of the Hecht equation over dose rate and area */
	struct psx_estimate mu_tau;  /**< cm2/V */
	struct psx_estimate surface; /**< s/mu, V/cm */
	double residual;             /**< rms of the fits, over the response at 100 V */
	size_t used, left_out;       /**< sub-pixels; left out: another curve (defects) */
	bool noisy; /**< an error is above 1 %, and mostly noise: more exposures make it smaller */
};

/** What both signs have of each other. */
struct psx_balance {
	double measured[2];  /**< sensitivity at -100 V and +100 V, uC/Gy/cm2, without sign */
	double intrinsic[2]; /**< the same without the loss at the surface */
	double ratio;        /**< reverse / forward at 100 V */
	double volts;        /**< reverse bias with the response of +95 V; NaN beyond -100 V */
};

/**
 * Measures and fits. Errors: those of psx_probe_new(), _set() and _expose(); ECANCELED;
 * ENODATA when no sub-pixel has such a curve. Worded by `err`. Where `progress` ends the fits,
 * what was measured comes all the same, with ECANCELED in `err` and without a fit.
 */
PSX_API struct psx_sweep *psx_sweep_run(struct psx_device *dev, const struct psx_region *region,
					const struct psx_sweep_options *options,
					struct psx_error *err);
PSX_API void psx_sweep_free(struct psx_sweep *sweep);
/** Points, from the most negative bias to the most positive. */
PSX_API size_t psx_sweep_get_count(const struct psx_sweep *sweep);
/** ERANGE past the last. */
PSX_API int psx_sweep_get_point(const struct psx_sweep *sweep, size_t index,
				struct psx_sweep_point *point);
/** NULL where fits were given up before this sign's. */
PSX_API const struct psx_sweep_fit *psx_sweep_get_fit(const struct psx_sweep *sweep, bool forward);
/** Of one sub-pixel, in the sensor's coordinates. ERANGE outside the region, ENODATA
 * when it has no such curve. */
PSX_API int psx_sweep_get_pixel(const struct psx_sweep *sweep, uint32_t x, uint32_t y,
				bool forward, struct psx_sweep_fit *fit);
/** Of both fits. */
PSX_API void psx_sweep_get_balance(const struct psx_sweep *sweep, struct psx_balance *balance);

/** One dose rate of a series. */
struct psx_dose_point {
	double rate;      /**< uGy/s */
	double seconds;   /**< of the exposure */
	struct psx_reading reading;
	double deviation; /**< from the line; filled in by psx_range_find() */
	unsigned int pga; /**< points of one exposure and gain share their darkness */
	bool inside;      /**< of the range; filled in, too */
};

/** The linear range of a series: where the signal, a mean, is within +-`tolerance` of a
 * line through zero, and at least `snr` times the noise of one sub-pixel in one exposure. */
struct psx_range {
	struct psx_estimate sensitivity; /**< of the line, levels per uGy; signed as the signal */
	struct psx_estimate least, most; /**< uGy/s */
	bool least_open, most_open;	 /**< the series ended before the range did */
	struct psx_estimate db;		 /**< 20 log10(most / least) */
	double deviation;		 /**< largest |deviation| inside */
	size_t inside;			 /**< points */
};

/**
 * Find it. `points` have rising rates; the line is the mean signal per dose where that changes least
 * over a decade, and what the bends at both ends take even there. An end is where points are out by more than their errors allow, and by a
 * power of the rate fitted to those about it: one outlier does not cut the range. Errors
 * are those of repeating the series, with the errors of the readings; that of the
 * sensitivity, but not of the others, has the spread over sub-pixels in it. `tolerance`
 * 0 = 0.05, `snr` 0 = 3. EINVAL: fewer than 3 points, or no rising rates; ENODATA: none is
 * good enough; ENOMEM.
 */
PSX_API int psx_range_find(struct psx_dose_point *points, size_t count, double tolerance, double snr,
			   struct psx_range *range);

/** How a signal comes and goes, from samples before and after. */
struct psx_edge {
	double before, after; /**< means of the last half of both parts */
	double seconds;	      /**< from 10 to 90 % of the way */
	bool within;          /**< it took less than from one sample to the next; `seconds`
			       * is that time */
};
/** Of `count` samples, `first` of them before the edge. EINVAL for fewer than two on
 * either side, ENODATA when nothing changes by more than its noise. */
PSX_API int psx_edge_find(const struct psx_sample *samples, size_t count, size_t first,
			  struct psx_edge *edge);

/** How a signal stays. */
struct psx_stability {
	double mean, noise; /**< levels; noise about the drift */
	struct psx_estimate drift; /**< of the mean an hour, least squares; spread is 0 */
};
/** EINVAL for fewer than three samples, ENODATA when the mean is less than five times the
 * noise: there is nothing that could drift. */
PSX_API int psx_stability_find(const struct psx_sample *samples, size_t count,
			       struct psx_stability *stability);

/* ------------------------------------------------------------- frames -- */

#define PSX_FRAME_SATURATED 0x01u /**< values were clipped to 16 bits */

/** Facts of a frame; may grow at its end, so one that a program fills in
 * itself begins as { 0 }. */
struct psx_frame_info {
	uint64_t seq;
	uint64_t device_ns;          /**< device clock at the end of the frame; 0 = unknown */
	uint64_t mono_ns;            /**< host's CLOCK_MONOTONIC when it came; 0 = unknown */
	uint64_t dropped;            /**< by the device up to this frame */
	uint32_t series;             /**< acquisition the frame is of */
	uint32_t width, height;      /**< values, not sub-pixels */
	uint32_t cfg_id;
	uint32_t effective;          /**< values kept by the comparator */
	uint32_t saturated;
	uint32_t trigger;
	int32_t stage_x, stage_y;    /**< um */
	uint32_t crc32c;             /**< of the payload, from the device */
	uint32_t flags;              /**< PSX_FRAME_* */
	uint16_t threshold;
	uint16_t scale;              /**< Q8.8 */
	uint8_t bank, channel;
	uint8_t mode;                /**< enum psx_mode */
	uint8_t polarity;            /**< enum psx_polarity */
	uint8_t pga;
};

/** One effective pixel. */
struct psx_pixel {
	uint32_t x, y;
	int16_t value;
};

/** A sparse frame: facts and a payload in the format of docs/frame-format.md. */
struct psx_frame;

/**
 * A frame around a payload, which is borrowed and must outlive it. All of it
 * is checked here, by decoding it once, which gives `effective` and `crc32c`;
 * other facts that a payload does not carry are 0. EBADMSG, with the byte
 * offset in the message.
 */
PSX_API struct psx_frame *psx_frame_parse(const void *payload, size_t length,
					  struct psx_error *err);
/** Encode width * height values (stride apart) as a frame of its own; `info`
 * gives everything but `effective` and `crc32c`. EINVAL, ENOMEM. */
PSX_API struct psx_frame *psx_frame_encode(const struct psx_frame_info *info,
					   const int16_t *values, size_t stride,
					   struct psx_error *err);
/** A copy with a payload of its own. */
PSX_API struct psx_frame *psx_frame_copy(const struct psx_frame *frame);
PSX_API void psx_frame_free(struct psx_frame *frame);
PSX_API const struct psx_frame_info *psx_frame_get_info(const struct psx_frame *frame);
PSX_API const void *psx_frame_get_payload(const struct psx_frame *frame, size_t *length);
/** The bad-pixel mask that came with it: a byte a pixel, 1 = bad; NULL = none. Kept
 * by files. Lives as long as what the frame came from. */
PSX_API const uint8_t *psx_frame_get_mask(const struct psx_frame *frame);

/** Give a frame of one's own (psx_frame_encode(), _copy()) a mask: width * height bytes,
 * copied, not 0 = bad. ENOMEM. */
PSX_API int psx_frame_mark(struct psx_frame *frame, const uint8_t *bad, struct psx_error *err);

/** Dense values, dropped pixels 0, rows `stride` values apart (>= width).
 * EBADMSG when the payload is damaged; err has the byte offset. */
PSX_API int psx_frame_to_dense(const struct psx_frame *frame, int16_t *values,
			       size_t stride, struct psx_error *err);
/** Rows first .. first + count - 1 only, without touching the others' data. */
PSX_API int psx_frame_to_dense_rows(const struct psx_frame *frame, uint32_t first,
				    uint32_t count, int16_t *values, size_t stride,
				    struct psx_error *err);
/** Compressed sparse rows: row_start[height + 1], column and value of each of
 * info->effective pixels in raster order. A dense frame (T = 0) gives all. */
PSX_API int psx_frame_to_csr(const struct psx_frame *frame, uint32_t *row_start,
			     uint32_t *column, int16_t *value, struct psx_error *err);
/** Coordinate list in raster order; arrays of info->effective entries. */
PSX_API int psx_frame_to_coo(const struct psx_frame *frame, uint32_t *x, uint32_t *y,
			     int16_t *value, struct psx_error *err);

/** Walks the effective pixels of a frame in raster order, straight from its
 * payload; holds one strip of eight rows. */
struct psx_pixel_iter;
PSX_API struct psx_pixel_iter *psx_pixel_iter_new(const struct psx_frame *frame);
/** 1 with a pixel, 0 at the end, -1 with EBADMSG when the payload is damaged. */
PSX_API int psx_pixel_iter_next(struct psx_pixel_iter *iter, struct psx_pixel *pixel);
PSX_API const char *psx_pixel_iter_error(const struct psx_pixel_iter *iter);
PSX_API void psx_pixel_iter_free(struct psx_pixel_iter *iter);

/* -------------------------------------------------------- acquisition -- */

/**
 * Where the frames went; `made` is the device's register. From the start, or
 * from the join: made = frames + dropped + discarded + damaged + overrun +
 * frames not yet fetched. May grow at its end.
 */
struct psx_acquisition_stats {
	uint64_t made;
	uint64_t frames;    /**< handed out */
	uint64_t dropped;   /**< by the device: dropped_full + dropped_device */
	uint64_t discarded; /**< by abort */
	uint64_t damaged;   /**< payloads that failed their checks; never handed out */
	uint64_t saturated; /**< values clipped, over all frames */
	uint64_t overrun;   /**< overwritten before this lossy reader had read them */
	uint64_t dropped_full;   /**< no room: a reserving reader was too slow */
	uint64_t dropped_device; /**< for the device's own reasons */
};

struct psx_acquisition;

/**
 * Turn the rails on unless they are, wait for them, start `frames` frames (0 = endless) with
 * the configuration in force. Frames are kept for this reader: when there is no
 * room the device drops new ones, and counts them. EBUSY when one runs already,
 * the stage is on its way or somebody else has the device; EINVAL when nothing is loaded; EIO when the
 * rails trip; ETIMEDOUT when they do not arrive within 10 s, and no signal ends
 * that wait; EUSERS when 64 programs read already; ENODEV, ENOMEM. Worded by
 * psx_device_error().
 */
PSX_API struct psx_acquisition *psx_acquisition_start(struct psx_device *dev,
						      uint64_t frames);
/**
 * Read along with the acquisition that runs, whoever started it, from the next
 * frame to its end. Needs no claim. Without `reserving` the stream does not
 * wait for this reader: it may be overrun, which it finds out and counts. With
 * it frames are kept, and a slow reader makes the device drop. ENODATA when
 * none runs, EBUSY when this object reads already, EUSERS when 64 programs do
 * (32 for who may only read the node), EACCES for `reserving` there, ENODEV,
 * ENOMEM, ENOTSUP for a model in this process. Worded by psx_device_error().
 */
PSX_API struct psx_acquisition *psx_acquisition_join(struct psx_device *dev, bool reserving);
/**
 * The next frame, borrowed until the next call on this acquisition. 1 with a
 * frame, 0 after the last, -1: ETIMEDOUT (timeout_ms, -1 waits for ever; only
 * sim: says at once that it waits for psx_device_trigger()), EINTR (a signal
 * came), ENODEV (unplugged; after the frames that are there), EBADMSG (damaged;
 * the stream goes on), EIO (the device ended it: a trip, an error).
 */
PSX_API int psx_acquisition_next(struct psx_acquisition *acq, int timeout_ms,
				 const struct psx_frame **frame);
/** End after the frame that is being made; what is ready can still be
 * fetched. One that was joined ends for this reader only. Wakes
 * psx_acquisition_next(). Safe from a signal handler and from another thread, as
 * long as the acquisition is not freed. */
PSX_API void psx_acquisition_stop(struct psx_acquisition *acq);
/** End now, as above, and discard what was not fetched. */
PSX_API void psx_acquisition_abort(struct psx_acquisition *acq);
/** Valid until the next call on the acquisition; once the device is gone, what
 * was known last. */
PSX_API const struct psx_acquisition_stats *
psx_acquisition_get_stats(struct psx_acquisition *acq);
PSX_API const char *psx_acquisition_error(const struct psx_acquisition *acq);
/** Stops, and frees. Rails that the start switched on go down, which it waits for
 * (10 s at most); what was joined is left alone. */
PSX_API void psx_acquisition_free(struct psx_acquisition *acq);

/* ------------------------------------------------------- accumulation -- */

/** Sums frames of one channel each, and applies the comparator afterwards. */
struct psx_accumulator;

/** Sums of `exposures` frames, 1..65535. The frames should be acquired with
 * threshold 0: what a comparator dropped cannot be summed. */
PSX_API struct psx_accumulator *psx_accumulator_new(unsigned int exposures,
						    struct psx_error *err);
PSX_API void psx_accumulator_free(struct psx_accumulator *acc);
/** Add a frame. 1 when the sum of its channel is complete and waits for
 * psx_accumulator_take(), 0 when more frames are needed, -1: EBADMSG, EINVAL
 * (cfg_id or size changed within a sum, which is lost), ENOMEM. */
PSX_API int psx_accumulator_add(struct psx_accumulator *acc, const struct psx_frame *frame,
				struct psx_error *err);
/** Largest v (positive) or |v| (both) of the complete sum, 0 if none is above; masked
 * pixels don't count. */
PSX_API int32_t psx_accumulator_get_maximum(const struct psx_accumulator *acc,
					    enum psx_polarity polarity);
/** The complete sum as a frame with the facts of its last exposure, values
 * saturated to 16 bits and cut at `threshold`; begins the next. `saturated`
 * counts the values clipped in the exposures and those clipped in the sum. */
PSX_API struct psx_frame *psx_accumulator_take(struct psx_accumulator *acc,
					       unsigned int threshold,
					       enum psx_polarity polarity,
					       struct psx_error *err);

/* -------------------------------------------------------------- files -- */

/**
 * Frames with their facts in one file (docs/file-format.md). A file being
 * written has its final name only after psx_file_commit(); it is readable up
 * to the last whole frame even when the writer died.
 */
struct psx_file;

/** Begin `path`; data go to a temporary file beside it. `metadata` is one
 * JSON object as text. EINVAL for other text, and open(2)'s errors. */
PSX_API struct psx_file *psx_file_create(const char *path, const char *metadata,
					 struct psx_error *err);
/** Set room aside for `frames` frames of width x height, each with a mask of its own,
 * written to where the file system can't; what is not used is given back. ENOSPC, EFBIG. */
PSX_API int psx_file_reserve(struct psx_file *file, uint64_t frames, uint32_t width,
			     uint32_t height);
/** A frame that can't be written in whole (ENOSPC) is taken back: the file may
 * still be committed with those before it. */
PSX_API int psx_file_append(struct psx_file *file, const struct psx_frame *frame);
/** Write the index, make it durable and give it its name. On failure what stood under the
 * name before stays, and the frames can be left; where the index found no room, or the name
 * was taken, it may be tried again. */
PSX_API int psx_file_commit(struct psx_file *file);
/** Give it up, but leave the frames that are whole, under the temporary name that is returned
 * (the file's); NULL where there are none, or nothing is temporary. errno is 0, or why the
 * disk may not have them all. */
PSX_API const char *psx_file_leave(struct psx_file *file);

/** Open for reading. EBADMSG with the byte offset; a file whose writer died
 * opens with the frames that are whole (psx_file_is_complete() says so). */
PSX_API struct psx_file *psx_file_open(const char *path, struct psx_error *err);
PSX_API bool psx_file_is_complete(const struct psx_file *file);
PSX_API const char *psx_file_get_metadata(const struct psx_file *file);
PSX_API uint64_t psx_file_get_count(const struct psx_file *file);
/** Frame `index`, owned by the caller, borrowing the file's mapping: free it
 * before the file. ERANGE past the last, EBADMSG. */
PSX_API struct psx_frame *psx_file_get_frame(struct psx_file *file, uint64_t index);
PSX_API const char *psx_file_error(const struct psx_file *file);
/** Closes; a file that was created and not committed is discarded. */
PSX_API void psx_file_close(struct psx_file *file);

/* ---------------------------------------------------------- data sets -- */

/** Images of k x k grey levels, each with a label, for training or for testing. */
struct psx_dataset;

/** One of them; borrowed from the data set. */
struct psx_labelled {
	const struct psx_image *image; /**< k x k */
	unsigned int label;            /**< below psx_dataset_get_classes() */
	bool test;                     /**< not trained with */
	const char *name;              /**< "letters.csv:12", "H/007.pgm" */
};

/** Without samples. EINVAL for a k that is even, 1 or over PSX_KERNEL_MAX_K; ENOMEM. */
PSX_API struct psx_dataset *psx_dataset_new(unsigned int k, struct psx_error *err);
/** A copy of `image` joins, which must be k x k or larger: then it is reduced to
 * the means of k x k equal areas. EINVAL for a smaller one, one of another size than those
 * before, an empty label, more than 256 labels or a million samples; ENOMEM. */
PSX_API int psx_dataset_add(struct psx_dataset *data, const struct psx_image *image,
			    const char *label, bool test, const char *name,
			    struct psx_error *err);
/**
 * Read a data set (docs/classifier.md). A file is CSV, a header
 * `split,label,p00,p01,..` and rows of `train` or `test`, a label, k * k levels
 * 0..65535; it may be a pipe, whose writer is waited for. A folder has sub-folders whose names are the labels, with images of one
 * size; or `train` and `test` with such sub-folders. Without these a fifth of
 * every label's images, chosen by their names, are for testing. `k` reduces larger
 * images, 0 takes them as they are. Labels are in the order of their names. Errors:
 * those of open(2) and psx_image_load(); EBADMSG, naming file and line, for what is
 * unlabelled, of another size, or out of range.
 */
PSX_API struct psx_dataset *psx_dataset_load(const char *path, unsigned int k,
					     struct psx_error *err);
PSX_API void psx_dataset_free(struct psx_dataset *data);
PSX_API unsigned int psx_dataset_get_k(const struct psx_dataset *data);
/** Of its images before they were reduced to k x k; 0 without any. */
PSX_API void psx_dataset_get_size(const struct psx_dataset *data, uint32_t *width,
				  uint32_t *height);
PSX_API unsigned int psx_dataset_get_classes(const struct psx_dataset *data);
/** Name of a label, NULL past the last. */
PSX_API const char *psx_dataset_get_label(const struct psx_dataset *data, unsigned int label);
PSX_API size_t psx_dataset_get_count(const struct psx_dataset *data);
/** EINVAL past the last. */
PSX_API int psx_dataset_get_sample(const struct psx_dataset *data, size_t index,
				   struct psx_labelled *sample);

/* -------------------------------------------------------- classifiers -- */

/**
 * One layer of weights on the detector: every class has a bank of k x k weights, its
 * output is one frame's one value, softmax makes probabilities of them. (Pang et
 * al. 2024, Fig. 5, where changes of the weights were simulated; here every output
 * is measured.) Units: an input is grey level / 4095 of an exposure of 1 s, an
 * output a sum of weight * (input - mean input of the training samples).
 */
struct psx_classifier;

/** All 0 are the defaults. May grow at its end. */
struct psx_classifier_options {
	double rate;          /**< learning rate, above 0; 0 = 0.5 */
	uint64_t seed;        /**< of the initial weights and the order of samples */
	uint64_t exposure_ns; /**< of one; 0 = 1 s, or less where the brightest sample at
			       * full weights would be beyond the ADC */
	unsigned int frames;  /**< exposures averaged, 1..1024; 0 = 1 */
	unsigned int batch;   /**< samples between two changes of the weights; 0 = 16 */
	unsigned int epochs;  /**< to go on for at most; 0 = 50 */
	unsigned int patience; /**< epochs without a better test that end it; 0 = 10 */
};

enum psx_classifier_stop {
	PSX_STOP_NONE = 0,     /**< it can go on */
	PSX_STOP_PERFECT = 1,  /**< the last test had no error */
	PSX_STOP_PATIENCE = 2, /**< tests did not get better */
	PSX_STOP_EPOCHS = 3,   /**< as many epochs as were asked for */
};

/** May grow at its end. */
struct psx_classifier_info {
	unsigned int k, classes;
	uint32_t image_width, image_height; /**< of samples before they were reduced to k x k */
	unsigned int epochs;      /**< done, without epoch 0 */
	unsigned int best;        /**< the epoch that weights, codes and confusion are of:
				   * highest test accuracy, then lowest loss; 0 = none */
	enum psx_classifier_stop stop;
	struct psx_classifier_options options; /**< none 0 but seed */
	uint32_t data_id;         /**< crc32c of the data set */
	size_t train, test;       /**< samples */
	uint32_t calibration_id;  /**< 0 = nominal sub-pixels */
	char serial[33], model[32]; /**< of the detector; "" before the first epoch */
	bool simulated;
};

/** What outputs are like: extremes, 1 and 99 %, quartiles, mean. Shares are
 * interpolated between the two nearest values. */
struct psx_box {
	double least, p1, q1, median, q3, p99, most, mean;
};

/** One pass over the training samples, or 0, before the first; may grow at its end. */
struct psx_epoch {
	double loss;           /**< mean cross-entropy of the training samples, in nats, as
				* they were measured while the weights changed; of 0 computed
				* from the inputs */
	double train_accuracy; /**< of the same measurements */
	double test_accuracy;  /**< with the weights at its end */
	const struct psx_box *boxes; /**< [classes][classes]: [label][output], test samples */
};

/** Told that sample `index` of the data set is to be shown; returns when it is. Not
 * 0 is ECANCELED. */
typedef int (*psx_presenter)(void *arg, size_t index, const struct psx_image *image);

/** What a classifier is trained and used with; may grow at its end. The device has k x k
 * sub-pixels. It is claimed, its rails are switched on, and off again unless they were on,
 * what was loaded is lost. */
struct psx_classifier_rig {
	struct psx_device *device;
	const struct psx_calibration *calibration; /**< NULL = nominal sub-pixels */
	psx_presenter present; /**< NULL = psx_device_present() */
	psx_progress progress; /**< may be NULL; not 0 ends the work with ECANCELED */
	void *arg;             /**< of both */
};

/** Initial weights: uniform in +-0.1, from the seed (SplitMix64, docs/classifier.md).
 * EINVAL for options out of range, a class without training samples or no test samples;
 * ENOMEM. */
PSX_API struct psx_classifier *
psx_classifier_new(const struct psx_dataset *data, const struct psx_classifier_options *options,
		   struct psx_error *err);
/** EBADMSG for a file that is no classifier, was cut short or has impossible values;
 * ENOTSUP for a later version. */
PSX_API struct psx_classifier *psx_classifier_load(const char *path, struct psx_error *err);
/** Everything, the state of the training included, so that a loaded one goes on as this
 * one would. Whole or not at all, as psx_file_commit(). */
PSX_API int psx_classifier_save(const struct psx_classifier *c, const char *path,
				struct psx_error *err);
PSX_API void psx_classifier_free(struct psx_classifier *c);
PSX_API const struct psx_classifier_info *psx_classifier_get_info(const struct psx_classifier *c);
/** Name of a class, NULL past the last. */
PSX_API const char *psx_classifier_get_label(const struct psx_classifier *c, unsigned int label);
/** k * k weights of the best epoch, or the codes that were on the device then; EINVAL past
 * the last class, ENODATA for codes before the first epoch: NULL. */
PSX_API const double *psx_classifier_get_weights(const struct psx_classifier *c,
						 unsigned int label);
PSX_API const int16_t *psx_classifier_get_codes(const struct psx_classifier *c,
						unsigned int label);
/** Epoch 0 .. info.epochs; NULL with EINVAL for another, and for 0 before there is a 1. */
PSX_API const struct psx_epoch *psx_classifier_get_epoch(const struct psx_classifier *c,
							 unsigned int epoch);
/** classes * classes counts of test samples: [label][answer], of the best epoch. */
PSX_API const unsigned int *psx_classifier_get_confusion(const struct psx_classifier *c);
/** To go on after PSX_STOP_EPOCHS. EINVAL but for 1..100000. */
PSX_API int psx_classifier_set_epochs(struct psx_classifier *c, unsigned int epochs);

/** May it be trained so? With NULL for `data`: may images be shown to it so? Changes nothing.
 * EINVAL for a device of another size, ENOSPC for one with fewer banks than classes and
 * one, ENOTSUP where nobody shows samples; EXDEV for another data set, detector or
 * calibration than before; ENODATA for images when it was not trained. */
PSX_API int psx_classifier_check(const struct psx_classifier *c,
				 const struct psx_classifier_rig *rig,
				 const struct psx_dataset *data, struct psx_error *err);
/**
 * Train for one epoch more, whatever info.stop says: mini-batch gradient descent, the outputs
 * measured, the gradient computed from inputs that the first call measures with one-hot banks,
 * weights kept within +-1. The first call tests the initial weights as well, as epoch 0. On failure the classifier is as before the call. On a
 * detector without noise the result depends on data set and options alone, also when it was
 * saved and loaded in between. Errors: those of psx_classifier_check(), psx_device_zero() and
 * psx_acquisition_next(); ECANCELED; EINVAL (an exposure in which
 * the levels are but a few steps of the ADC); ERANGE (the learning rate is too large: a
 * weight would change by more than its whole range, or the loss is far beyond that of
 * guessing; or an output is beyond the ADC).
 */
PSX_API int psx_classifier_train(struct psx_classifier *c, const struct psx_classifier_rig *rig,
				 const struct psx_dataset *data, struct psx_error *err);
/**
 * Show images to the best epoch's banks. `outputs` (may be NULL) gets count * classes, `answers`
 * the classes of the largest. On the detector of the training, without a calibration, it is the
 * codes that were on it then; else the weights. Errors as psx_classifier_train().
 */
PSX_API int psx_classifier_run(const struct psx_classifier *c, const struct psx_classifier_rig *rig,
			       const struct psx_image *const *images, size_t count,
			       double *outputs, unsigned int *answers, struct psx_error *err);
/** Probabilities of `classes` outputs; in place if both are the same. */
PSX_API void psx_classifier_softmax(const double *outputs, unsigned int classes,
				    double *probabilities);

#ifdef __cplusplus
}
#endif

#endif /* PSXDET_H */
