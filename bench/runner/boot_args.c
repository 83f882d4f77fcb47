// SPDX-License-Identifier: GPL-2.0
/* What a workload's guest is told: the arguments beyond its settings. */
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* What "${name}" stands for in this boot; NULL: there is no such thing here. */
static const char *host_value(struct run *r, const char *name, char *path)
{
	const char *script = getenv("PRBENCH_SCRIPT");

	if (!strcmp(name, "out"))
		return r->cfg->out;
	if (!strcmp(name, "source"))
		return *r->cfg->source ? r->cfg->source : NULL;
	if (!strcmp(name, "script"))
		return script ? realpath(script, path) : NULL;
	kernel_dir(path, PATH_MAX, r->cfg, r->boot->platform, r->boot->variant);
	return path;
}

/* A string of workload.json with its variables filled in, or NULL. */
static json_t *expand(struct run *r, const json_t *template)
{
	char *text = format("%s", json_string_value(template));
	json_t *o;
	size_t i;

	for (i = 0; text && host_variables[i]; i++) {
		char *mark = format("${%s}", host_variables[i]), *at;

		while (text && (at = strstr(text, mark))) {
			char path[PATH_MAX], *old = text;
			const char *value = host_value(r, host_variables[i], path);

			*at = '\0';
			text = value ? format("%s%s%s", old, value,
					      at + strlen(mark)) : NULL;
			free(old);
		}
		free(mark);
	}
	o = text ? json_string(text) : NULL;
	free(text);
	return o;
}

/* What a workload is told beyond its settings. */
void boot_add_args(struct run *r, size_t w, json_t *args)
{
	const json_t *info = workloads[w].info;
	json_t *probe = json_object_get(args, "probe");
	const char *name;
	json_t *v, *word;
	size_t i;

	json_object_set_new(args, "mem_mib", json_integer(r->boot->mem_mib));
	if (json_object_get(info, "like"))
		json_object_set(args, "like", json_object_get(info, "like"));
	if (probe) {
		char path[PATH_MAX];

		kernel_dir(path, sizeof(path), r->cfg, r->boot->platform,
			   r->boot->variant);
		json_object_set_new(probe, "module",
				    json_sprintf("%s/alloc_probe.ko", path));
		json_object_set_new(probe, "icount",
				    json_boolean(r->boot->platform == ICOUNT));
	}
	json_object_foreach(json_object_get(info, "host"), name, v) {
		json_t *o = json_is_array(v) ? json_array() : expand(r, v);

		json_array_foreach(v, i, word)
			json_array_append_new(o, expand(r, word));
		if (o)
			json_object_set_new(args, name, o);
	}
}
