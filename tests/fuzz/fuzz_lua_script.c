/* validate-lua: any bytes start as a script or are refused; what starts answers, ends, and stays within its limits. */
#undef NDEBUG
#include <assert.h>

#include "lua_box.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t most = 512 << 10;
	struct sandbox *box = lua_box_new(data, size, 20000, (int64_t)most);

	for (int i = 0; box && i < 3; i++) {
		lua_box_judge(&box, "a body", 6);
		assert(!box || sandbox_memory(box) <= most);
	}
	sandbox_free(&box);
	return 0;
}
