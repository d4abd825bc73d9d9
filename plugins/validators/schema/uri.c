#include "uri.h"

#include <stdlib.h>
#include <string.h>

/* A reference in its parts; begin NULL: not there. */
struct part {
	const char *begin;
	size_t length;
};

struct parts {
	struct part scheme, authority, path, query, fragment;
};

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t scheme_length(const char *text, size_t length)
{
	size_t i = 0;

	if (length == 0 || !is_alpha(*text))
		return 0;
	while (i < length && (is_alpha(text[i]) || (text[i] >= '0' && text[i] <= '9') || (text[i] && strchr("+-.", text[i]))))
		i++;
	return i < length && text[i] == ':' ? i : 0;
}

bool uri_is_absolute(const char *text, size_t length)
{
	return scheme_length(text, length) > 0;
}

static struct part until(const char **at, const char *end, const char *stops)
{
	const char *begin = *at;

	while (*at < end && !(**at && strchr(stops, **at)))
		(*at)++;
	return (struct part){begin, (size_t)(*at - begin)};
}

static struct parts split(const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	struct parts p = {0};
	size_t n = scheme_length(text, length);

	if (n) {
		p.scheme = (struct part){text, n};
		at += n + 1;
	}
	if (end - at >= 2 && at[0] == '/' && at[1] == '/') {
		at += 2;
		p.authority = until(&at, end, "/?#");
	}
	p.path = until(&at, end, "?#");
	if (at < end && *at == '?') {
		at++;
		p.query = until(&at, end, "#");
	}
	if (at < end && *at == '#')
		p.fragment = (struct part){at + 1, (size_t)(end - at - 1)};
	return p;
}

struct out {
	char *text;
	size_t used;
};

static void add(struct out *o, const char *text, size_t length)
{
	if (length)
		memcpy(o->text + o->used, text, length);
	o->used += length;
}

static void add_part(struct out *o, const char *before, const struct part *p, const char *behind)
{
	if (!p->begin)
		return;
	add(o, before, strlen(before));
	add(o, p->begin, p->length);
	add(o, behind, strlen(behind));
}

/* RFC 3986, 5.2.4, in place. Returns the new length. */
static size_t without_dots(char *path, size_t length)
{
	size_t in = 0, out = 0;

	while (in < length) {
		size_t n = 1;

		while (in + n < length && path[in + n] != '/')
			n++;
		bool last = in + n == length;
		size_t name = path[in] == '/' ? in + 1 : in, size = in + n - name;

		if (size == 1 && path[name] == '.') {
			if (last && path[in] == '/')
				path[out++] = '/';
		} else if (size == 2 && path[name] == '.' && path[name + 1] == '.') {
			while (out && path[--out] != '/')
				;
			if (last && path[in] == '/')
				path[out++] = '/';
		} else {
			memmove(path + out, path + in, n);
			out += n;
		}
		in += n;
	}
	return out;
}

/* 5.2.3: the reference's path behind the base's last '/'. */
static void merge(struct out *o, const struct parts *base, const struct part *path)
{
	size_t keep = base->path.length;

	while (keep && base->path.begin[keep - 1] != '/')
		keep--;
	if (base->authority.begin && base->path.length == 0)
		add(o, "/", 1);
	add(o, base->path.begin, keep);
	add(o, path->begin, path->length);
}

char *uri_resolve(const char *base_text, const char *reference, size_t length)
{
	size_t base_length = strlen(base_text);
	struct parts base = split(base_text, base_length), r = split(reference, length);
	struct out o = {.text = malloc(base_length + length + 8)};
	size_t path;

	if (!o.text)
		return NULL;
	bool own = r.scheme.begin, place = own || r.authority.begin, same = !place && r.path.length == 0;
	add_part(&o, "", own ? &r.scheme : &base.scheme, ":");
	add_part(&o, "//", place ? &r.authority : &base.authority, "");
	path = o.used;
	if (place || (r.path.length && *r.path.begin == '/'))
		add(&o, r.path.begin, r.path.length);
	else if (same)
		add(&o, base.path.begin, base.path.length);
	else
		merge(&o, &base, &r.path);
	/* Only paths that are paths: urn:a:b has none to tidy. */
	if (!same && o.used > path && (o.text[path] == '/' || !own))
		o.used = path + without_dots(o.text + path, o.used - path);
	add_part(&o, "?", same && !r.query.begin ? &base.query : &r.query, "");
	if (r.fragment.length)
		add_part(&o, "#", &r.fragment, "");
	o.text[o.used] = 0;
	return o.text;
}

char *uri_cut_fragment(char *uri)
{
	char *hash = strchr(uri, '#');

	if (!hash)
		return uri + strlen(uri);
	*hash = 0;
	return hash + 1;
}

static int hex(char c)
{
	char low = (char)(c | 0x20);

	if (c >= '0' && c <= '9')
		return c - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool uri_decode(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text == '%') {
			int high = hex(text[1]), low = high < 0 ? -1 : hex(text[2]);

			if (low < 0 || (high == 0 && low == 0))
				return false;
			*out++ = (char)(high << 4 | low);
			text += 2;
		} else {
			*out++ = *text;
		}
	}
	*out = 0;
	return true;
}
