# SPDX-License-Identifier: GPL-2.0
#
# make bench	install what is missing, build the kernels, run the benchmark
# make test	run the test suite
# make help	the rest

PROFILE ?= quick
WORKLOADS ?=
VARIANTS ?=
PLATFORMS ?=
BOOTS ?=
PROBE ?=
RESUME ?=
KSRC ?=
KERNEL ?= 6.12
DEB_CONFIG ?=
LSMOD ?=
RESULTS ?= results/latest
DIRS ?=
OUT ?= results/merged
export KSRC KERNEL DEB_CONFIG LSMOD

CC = gcc
CFLAGS = -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror
SANFLAGS = -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	   -fno-omit-frame-pointer
LDLIBS = -ljansson -lm -lpthread
INCLUDES = -Ibench/common -Ibench/runner -Ibench/guest -Ibench/report

# The reader also builds in the kernel's tools/mm, from the same files.
READER = kernel/tools/mm
READER_LIBS = -ljansson -lncursesw -ltinfo -lpng -lm
READER_PARTS = $(wildcard $(READER)/page_reporting/*.c)

# directory of bench/ and the program made from it
PROGRAMS = runner:prbench guest:pragent report:prreport demo:prdemo
BINS = $(foreach p,$(PROGRAMS),build/bin/$(lastword $(subst :, ,$(p))))
SANS = $(BINS:build/bin/%=build/san/%)

TESTS = $(patsubst tests/%.c,build/san/tests/%,$(wildcard tests/unit/test_*.c \
	  tests/report/test_*.c))

# what 'make kernels' builds
KERNELS ?=

help:
	@echo 'make bench     run the benchmark: results/latest/report.html, and all figures in details.html'
	@echo '               PROFILE=quick|full  WORKLOADS= VARIANTS= PLATFORMS= (a,b,c) BOOTS=N'
	@echo '               PROBE=ORDER,MS  an allocation every MS beside each workload, timed'
	@echo '               EQUALISE=touch|wait|none  what is done to the host before each boot'
	@echo '               RESUME=DIR goes on with a run that was interrupted'
	@echo 'make bench-kvm half an hour under KVM, and an archive for make merge; says so without KVM'
	@echo 'make list      the workloads, variants and platforms, a line for each'
	@echo 'make doctor    what this machine can do, and what to do about the rest'
	@echo 'make new       WORKLOAD=name or TEST=name: a skeleton that runs'
	@echo 'make report    rebuild the report from the raw data; RESULTS=DIR'
	@echo 'make compare   does run B agree with A, in ten lines: A=DIR B=DIR; TABLES=1 side by side'
	@echo 'make readme    README.md'\''s figures anew from the committed summaries'
	@echo 'make merge     the runs of a fleet into one: DIRS="a b c.tar.xz" OUT=results/merged'
	@echo 'make test      KUnit, guests, unit tests, style; ONLY="script unit kunit style e2e"'
	@echo '               TAP=1 prints TAP 14'
	@echo 'make check-deep the long tests, tier by tier: TIERS="oracle kasan ..." FRESH=1'
	@echo 'make mutations see each deliberate bug of tests/mutations/ found; ONLY="split ..."'
	@echo 'make kernels   build all kernels; JOBS=N'
	@echo 'make demo      a guest in the terminal: its memory, and what the host holds of it'
	@echo 'make tools     build/bin/page-reporting, the reader for guests'
	@echo '               and its manual page, kernel/tools/mm/page-reporting.1'
	@echo 'make deb-tools a package of the reader for Debian, into build/deb'
	@echo 'make deb       the same, and packages of the kernel, built from the distribution'\''s'
	@echo '               cloud configuration; LSMOD=FILE keeps only the modules that lsmod'
	@echo '               printed there, DEB_CONFIG=FILE takes another configuration'
	@echo 'make build     kernels and programs'
	@echo 'make apply     put the series on the kernel tree KSRC=DIR'
	@echo 'make unapply   take it off again'
	@echo 'make patches   the series for a mailing list, into build/patches; KERNEL=6.12 OUT=DIR'
	@echo 'make deps      install what is missing (apt-get)'
	@echo 'make clean     remove build/ (kernels stay in the cache)'
	@echo 'KERNEL=7.3     another series than 6.12, for bench, kernels, test, check-deep and demo'
	@echo 'KSRC=          a kernel tarball, tree or git checkout to use instead of'
	@echo '               the distribution'\''s source; only apply and unapply change it'

# kernels of another series than that of scripts/lib.sh lie in a directory of
# their own
KERNELS_DIR = build/kernels$(filter-out -6.12,-$(KERNEL))

BENCH_ARGS = --kernels $(KERNELS_DIR) --profile "$(PROFILE)" $(if $(PLATFORMS),--platforms "$(PLATFORMS)") \
	     $(if $(VARIANTS),--variants "$(VARIANTS)") \
	     $(if $(WORKLOADS),--workloads "$(WORKLOADS)") $(BOOTS:%=--boots %) \
	     $(if $(TAP),--tap) $(if $(PROBE),--probe "$(PROBE)") \
	     $(if $(EQUALISE),--equalise "$(EQUALISE)")

# What a long run boots first, to have a report of it soon: two rounds, which need
# the kernels of User Mode Linux only. FIRST= leaves the plan as it is.
FIRST ?= um,drain,churn,2

# run.json of a run that goes on says how its kernels are built.
bench: programs
ifneq ($(RESUME),)
	@build/bin/prbench --resume "$(RESUME)" --report build/bin/prreport
else
	@build/bin/prbench $(BENCH_ARGS) --first "$(FIRST)" --build scripts/kernel.sh \
		--report build/bin/prreport
endif

# OUT is also where merge goes; only what was said counts here
bench-kvm: programs
	@OUT="$(if $(filter file,$(origin OUT)),,$(OUT))" scripts/bench-kvm.sh

doctor: programs
	@build/bin/prbench --doctor || :

list: programs
	@build/bin/prbench --list

new:
	@scripts/new.sh $(if $(WORKLOAD),workload "$(WORKLOAD)") $(if $(TEST),test "$(TEST)")

report: programs
	@build/bin/prreport "$(RESULTS)"

compare: programs
	@[ -n "$(A)" ] && [ -n "$(B)" ] || { echo "make $@: say which runs: A=DIR B=DIR" >&2; exit 2; }
	@build/bin/prreport compare $(if $(TABLES),--tables) $(if $(FORCE),--force) $(if $(ALL),--all) "$(A)" "$(B)"

readme:
	@scripts/readme.sh

# What could be merged gets its report even if something was damaged.
merge: programs
	@[ -n "$(DIRS)" ] || { echo "make $@: say which runs: DIRS=\"a b c\"" >&2; exit 2; }
	@rc=0; build/bin/prreport merge "$(OUT)" $(DIRS) || rc=$$?; \
	if [ $$rc -le 1 ] && [ -d "$(OUT)" ]; then build/bin/prreport "$(OUT)" || rc=1; fi; \
	exit $$rc

build: programs kernels

deps:
	@scripts/deps.sh

kernels: deps
	@scripts/kernel.sh build $(KERNELS)

# a make that was told how many jobs to run has the last word
PARALLEL = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(or $(JOBS),$(shell nproc)))

programs: deps
	@mkdir -p build && flock build/.lock $(MAKE) -s $(PARALLEL) $(BINS)

demo: programs
	@scripts/kernel.sh build um-patched
	@build/bin/prdemo $(if $(KEYS),--keys "$(KEYS)")

tools:
	@KSRC= scripts/deps.sh tools
	@mkdir -p build && flock build/.lock $(MAKE) -s build/bin/page-reporting

deb-tools:
	@KSRC= scripts/deps.sh tools
	@KSRC= scripts/deps.sh deb-tools
	@scripts/deb.sh tools

deb:
	@scripts/deps.sh deb
	@scripts/deb.sh all

sanitized: deps
	@KSRC= scripts/deps.sh tools
	@mkdir -p build && flock build/.lock $(MAKE) -s $(PARALLEL) $(SANS) $(TESTS) \
		build/san/page-reporting

test:
	@KSRC= scripts/deps.sh test
	@tests/run.sh $(ONLY)

check-deep:
	@KSRC= scripts/deps.sh deep
	@tests/check-deep.sh $(TIERS)

mutations: programs build/bin/pattern
	@tests/deep/mutations.sh $(ONLY)

apply unapply:
	@[ -n "$(KSRC)" ] || { echo "make $@: say which tree: KSRC=DIR" >&2; exit 2; }
	@scripts/graft.sh $@ "$(KSRC)"

# OUT is also where merge goes; only what was said counts here
patches:
	@OUT="$(if $(filter file,$(origin OUT)),,$(OUT))" scripts/patches.sh "$(KERNEL)"

clean:
	rm -rf build

# the file with main() in it: main.c, or the program's name
main_of = $(basename $(notdir $(or $(wildcard bench/$(1)/main.c),$(2).c)))

# the demo is made of the runner's guests and the reader's map
archives = $(if $(filter demo,$(2)),$(1)/librunner.a $(1)/libreader.a)

# what each workload does in the guest, or on the host: none is named anywhere,
# so they are linked as they are and not from an archive
workload_objects = $(patsubst bench/%.c,$(1)/%.o,$(wildcard \
		   bench/workloads/*/$(if $(filter guest,$(2)),guest,host).c))

define workload_rules
$(1)/workloads/%.o: bench/workloads/%.c Makefile
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	@$(CC) $(CFLAGS) $(2) $(INCLUDES) -DWORKLOAD_NAME='"$$(*D)"' -MMD -MP -c -o $$@ $$<

-include $(wildcard $(1)/workloads/*/*.d)
endef

$(eval $(call workload_rules,build/obj))
$(eval $(call workload_rules,build/san/obj,$(SANFLAGS)))

# what the programs share
define common_rules
$(1)/common/%.o: bench/common/%.c Makefile
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	@$(CC) $(CFLAGS) $(2) $(INCLUDES) -MMD -MP -c -o $$@ $$<

$(1)/libcommon.a: $(patsubst bench/%.c,$(1)/%.o,$(wildcard bench/common/*.c))
	@rm -f $$@
	@ar rcs $$@ $$^

-include $(wildcard $(1)/common/*.d)
endef

$(eval $(call common_rules,build/obj))
$(eval $(call common_rules,build/san/obj,$(SANFLAGS)))

# program_rules DIRECTORY,PROGRAM,OUTPUT,FLAGS,OBJECTS: all files but that one
# go into an archive, so that tests can link with them
define program_rules
$(5)/$(1)/%.o: bench/$(1)/%.c Makefile
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	@$(CC) $(CFLAGS) $(4) $(INCLUDES) -MMD -MP -c -o $$@ $$<

$(5)/lib$(1).a: $(patsubst bench/%.c,$(5)/%.o,$(filter-out \
		bench/$(1)/$(call main_of,$(1),$(2)).c,$(wildcard bench/$(1)/*.c)))
	@rm -f $$@
	@ar rcs $$@ $$^

$(3)/$(2): $(5)/$(1)/$(call main_of,$(1),$(2)).o \
		$(if $(filter guest runner,$(1)),$(call workload_objects,$(5),$(1))) \
		$(5)/lib$(1).a $(call archives,$(5),$(1)) $(5)/libcommon.a
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@$(CC) $(4) -o $$@ $$^ $(LDLIBS)

-include $(wildcard $(5)/$(1)/*.d)
endef

dir_of = $(word 1,$(subst :, ,$(1)))
program_of = $(word 2,$(subst :, ,$(1)))
$(foreach p,$(PROGRAMS),$(eval $(call program_rules,$(call dir_of,$(p)),$(call \
	program_of,$(p)),build/bin,,build/obj)))
$(foreach p,$(PROGRAMS),$(eval $(call program_rules,$(call dir_of,$(p)),$(call \
	program_of,$(p)),build/san,$(SANFLAGS),build/san/obj)))

# the pictures are part of the program
build/obj/report/templates.o build/san/obj/report/templates.o: bench/report/report.css \
	tests/model/replay/README.md \
	$(wildcard bench/report/plots/*.gp)

# A test is one cmocka program. Its name tells which archive is meant when two
# of them define the same name.
libs = $(patsubst %,build/san/obj/lib%.a,$(if $(findstring report/,$(1)),report,\
	$(if $(findstring test_reader,$(1)),reader,$(if $(filter test_guest%,$(notdir $(1))),guest,runner))))

# reader_rules OUTPUT,FLAGS,OBJECTS
define reader_rules
$(3)/reader/%.o: $(READER)/%.c Makefile
	@mkdir -p $$(@D)
	@echo "  CC      $$@"
	@$(CC) $(CFLAGS) $(2) -MMD -MP -c -o $$@ $$<

$(3)/libreader.a: $(READER_PARTS:$(READER)/%.c=$(3)/reader/%.o)
	@rm -f $$@
	@ar rcs $$@ $$^

$(1)/page-reporting: $(3)/reader/page-reporting.o $(3)/libreader.a
	@mkdir -p $$(@D)
	@echo "  LD      $$@"
	@$(CC) $(2) -o $$@ $$^ $(READER_LIBS)

-include $(wildcard $(3)/reader/*.d $(3)/reader/*/*.d)
endef

$(eval $(call reader_rules,build/bin,,build/obj))
$(eval $(call reader_rules,build/san,$(SANFLAGS),build/san/obj))

# for guests, which see it where it is
build/bin/pattern: tests/deep/pattern.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CFLAGS) -o $@ $<

# for guests that do not see this machine's libraries
build/bin/again: tests/deep/again.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CFLAGS) -static -o $@ $<

build/san/tests/%: tests/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $@"
	@$(CC) $(CFLAGS) $(SANFLAGS) $(INCLUDES) -MMD -MP -o $@ $< \
		$(filter %.a,$^) -lcmocka $(LDLIBS) $(if $(findstring test_reader,$@),$(READER_LIBS))

$(foreach t,$(TESTS),$(eval $(t): $(call libs,$(t)) build/san/obj/libcommon.a))
-include $(wildcard build/san/tests/*/*.d)

.PHONY: help build bench bench-kvm demo doctor list new readme report compare merge test check-deep mutations deps kernels programs tools deb-tools deb sanitized apply unapply patches clean
.DELETE_ON_ERROR:
