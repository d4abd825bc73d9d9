/* A shared object that is no plugin. */
#include <pluq/plugin.h>

PLUQ_EXPORT int pluq_plugin_entry_of_another_kind(void);

int pluq_plugin_entry_of_another_kind(void)
{
	return 0;
}
