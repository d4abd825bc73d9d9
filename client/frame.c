#include "frame.h"

#include <string.h>

#include "wire.h"

#define SIZE_FIELD 4
#define TYPE_FIELD 4
#define MESSAGE_HEAD (8 + 2 + PLUQC_ID_LENGTH)
#define SIZE_HTTP 0x48545450u /* "HTTP": how an HTTP server's answer reads as a size */

int pluqc_frame_decode(const uint8_t *bytes, size_t left, size_t max, struct pluqc_frame *frame, size_t *used)
{
	uint32_t size, type;

	if (left < SIZE_FIELD)
		return PLUQC_EMORE;
	size = pluqc_get32(bytes);
	if (size == SIZE_HTTP)
		return PLUQC_EHTTP;
	if (size < TYPE_FIELD || size > INT32_MAX)
		return PLUQC_EFRAME;
	if (size > max)
		return PLUQC_ETOOBIG;
	left -= SIZE_FIELD;
	if (left < TYPE_FIELD)
		return PLUQC_EMORE;
	type = pluqc_get32(bytes + SIZE_FIELD);
	if (type > PLUQC_FRAME_MESSAGE)
		return PLUQC_EFRAME;
	if (size > left)
		return PLUQC_EMORE;
	frame->type = (enum pluqc_frame_type)type;
	frame->data = bytes + SIZE_FIELD + TYPE_FIELD;
	frame->length = size - TYPE_FIELD;
	*used = SIZE_FIELD + (size_t)size;
	return 0;
}

int pluqc_message_decode(const struct pluqc_frame *frame, struct pluqc_message *out)
{
	if (frame->type != PLUQC_FRAME_MESSAGE || frame->length < MESSAGE_HEAD)
		return PLUQC_EFRAME;
	out->timestamp_ns = (int64_t)pluqc_get64(frame->data);
	out->attempts = pluqc_get16(frame->data + 8);
	out->id = frame->data + 10;
	out->body = frame->data + MESSAGE_HEAD;
	out->length = frame->length - MESSAGE_HEAD;
	return 0;
}

bool pluqc_frame_is(const struct pluqc_frame *frame, const char *response)
{
	size_t length = strlen(response);

	return frame->type == PLUQC_FRAME_RESPONSE && frame->length == length && !memcmp(frame->data, response, length);
}

bool pluqc_frame_is_heartbeat(const struct pluqc_frame *frame)
{
	return pluqc_frame_is(frame, "_heartbeat_");
}

static bool starts_with(const struct pluqc_frame *frame, const char *text)
{
	size_t length = strlen(text);

	return length <= frame->length && !memcmp(frame->data, text, length);
}

bool pluqc_frame_is_fatal(const struct pluqc_frame *frame)
{
	return frame->type == PLUQC_FRAME_ERROR && !starts_with(frame, "E_FIN_FAILED") &&
	    !starts_with(frame, "E_REQ_FAILED") && !starts_with(frame, "E_TOUCH_FAILED");
}
