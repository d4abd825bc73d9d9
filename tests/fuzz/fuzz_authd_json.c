/* What others send the auth server as JSON: a broker's POST, and the answer of the OAuth2 endpoint. */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/handlers/authd/oauth.h"
#include "../../plugins/handlers/authd/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pluq_why why = {""};
	struct question q;
	struct refusal r = question_from_json(data, size, &q);

	assert(r.status == 0 || ((r.status == 400 || r.status == 500) && r.text));
	if (r.status == 0) {
		assert(strlen(q.secret) <= q.secret_length && q.secret_length <= SECRET_MOST && *q.remote_ip && q.common_name);
		question_free(&q);
	}
	char *login = oauth_login("data.login", data, size, &why);
	assert(login || why.text[0]);
	free(login);
	return 0;
}
