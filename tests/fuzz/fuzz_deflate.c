/* The reader of raw deflate, as a layer, however its input is cut and its output asked for. */
#include "../../daemon/net/layer.h"
#include "layer_feed.h"

static struct pluq__layer *make(void)
{
	return pluq__deflate_layer_new(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return feed_twice(make, data, size);
}
