//! The report: `README.md` in the folder `benches`.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::guests::Guest;
use crate::patches::{Patch, Size};
use crate::settings::{Clusters, Lookup};
use crate::timing::{ROUNDS, Samples};
use crate::{Figures, Row};

const INTRODUCTION: &str = "\
# What the policy costs

Whole evaluations of recorded pods in mode home: the host writes the request, calls the policy, and makes a patch of the
answer. *echo* is a guest that returns the policy's answer as a constant, so that all of its time is the host's work;
*typed* reads the pod into the types of `k8s-openapi` and writes it, as most policies do. policy-server starts a fresh
instance for each evaluation, `kwctl bench` reuses one.
";

const MEASUREMENT: &str = "\
![Whole evaluations beside echo](chart.svg)

## How it is measured

`make bench` writes this file and [chart.svg](chart.svg). It runs the module in the engine that kwctl and policy-server
embed, beside guests to compare it with: echo, typed, *accept*, which accepts as a constant, and *ignored*, which reads
the request into `serde::de::IgnoredAny` and accepts it.

The guests take turns in one run, so that ratios hold also on a busy machine. Times are in microseconds: the fastest of
the samples, which a busy machine disturbs least. A ratio compares samples of one round, and is the median of all rounds;
in brackets stands the ratio of the fastest samples.

`home, again` is a pod that the policy finds as it would leave it. Pods named `made` have the containers of
`tekton-taskrun` over and over. The settings have a host, an address and an own Secret.
";

const REUSED: &str = "\
## Whole evaluations, reused instance

As `kwctl bench` has it: the host writes the payload, calls the guest, reads the answer, compares it with the pod and
encodes the patch, in the steps of policy-evaluator, which kwctl and policy-server share.
";

const FRESH: &str = "\
## Whole evaluations, fresh instance

As policy-server has it: the same, in an instance that is made for the evaluation from the compiled module.
";

const ALONE: &str = "\
## Guest alone

The call of the guest in a reused instance, which takes the request and hands the answer over.
";

const MEMORY: &str = "\
## Memory

The least linear memory in which one instance answers a hundred times, in mode home. Before any request it has 1 MB for
the stack and some kilobytes for its data. It grows by pages of 64 kB, which is what small requests show.
";

const CLUSTERS: &str = "\
## Many home clusters

`plain-web` with `homeClusters` of so many entries, of which its label names the one in the middle. *Beyond one entry* is
what a guest takes more than with one entry, and the last column what the policy takes more, as a multiple of what
ignored takes more: reading the entries into nothing.
";

const LOOKUP: &str = "\
## Namespace lookup

`plain-web` without and with `namespaceLookup`, where the host answers at once with a Namespace of 0.5 kB, so these are
the costs on the policy's side. policy-server answers from its cache; the first lookup of a Namespace asks the API server.
";

const PATCHES: &str = "\
## Patches

The host's patch for each recorded request that gets one, beside the patch that the pod would get if its variables were
appended to each environment, as Liqo's virtual kubelet does. The host compares lists index by index, so what is put
before other entries moves them all. The policy does that only where an entry refers to one of the variables, or where an
entry of the same name is in the way: appended variables would then have no effect.
";

/// How large the modules are, in bytes.
pub(crate) struct Sizes {
    policy: u64,
    typed: u64,
}

impl Sizes {
    pub(crate) fn of(project: &Path, guests: &Path) -> Result<Self> {
        Ok(Self {
            policy: fs::metadata(project.join("policy.wasm"))?.len(),
            typed: fs::metadata(guests.join("typed.wasm"))?.len(),
        })
    }
}

/// All that was measured.
pub(crate) struct Report<'r> {
    pub(crate) rows: &'r [Row],
    pub(crate) clusters: &'r [Clusters],
    pub(crate) lookup: &'r Lookup,
    pub(crate) patches: &'r [Patch],
    pub(crate) sizes: &'r Sizes,
}

/// Which of its figures a table is about.
type Figure = fn(&Figures) -> &Samples;

/// The fastest sample of a guest, in microseconds.
fn fastest(row: &Row, guest: Guest, figure: Figure) -> f64 {
    figure(row.figures_of(guest)).fastest()
}

/// What a guest takes as a multiple of what another takes.
pub(crate) fn ratio(row: &Row, guest: Guest, other: Guest, figure: Figure) -> f64 {
    figure(row.figures_of(guest)).ratio_to(figure(row.figures_of(other)))
}

impl Row {
    /// Whether the summary and the chart show it.
    pub(crate) fn is_shown_first(&self) -> bool {
        self.pod.mode == "home" && !self.pod.is_made()
    }
}

impl Report<'_> {
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing into a string does not fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "{INTRODUCTION}")?;
        self.summary(out)?;
        writeln!(out, "{MEASUREMENT}")?;
        let evaluations = [Guest::Policy, Guest::Echo, Guest::Accept, Guest::Typed];
        let to_echo = [(Guest::Policy, Guest::Echo), (Guest::Typed, Guest::Echo)];
        writeln!(out, "{REUSED}")?;
        table(out, self.rows, &evaluations, &to_echo, |figures| &figures.reused)?;
        writeln!(out, "{FRESH}")?;
        self.start(out)?;
        table(out, self.rows, &evaluations, &to_echo, |figures| &figures.fresh)?;
        writeln!(out, "{ALONE}")?;
        let guests = [Guest::Policy, Guest::Echo, Guest::Typed, Guest::Ignored];
        let to_ignored = [(Guest::Policy, Guest::Ignored), (Guest::Typed, Guest::Ignored)];
        table(out, self.rows, &guests, &to_ignored, |figures| &figures.guest)?;
        writeln!(out, "{CLUSTERS}")?;
        self.clusters(out)?;
        writeln!(out, "{LOOKUP}")?;
        self.lookup(out)?;
        writeln!(out, "{MEMORY}")?;
        self.memory(out)?;
        writeln!(out, "{PATCHES}")?;
        self.patches(out)
    }

    fn summary(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "| pod | policy, µs | policy ÷ echo | typed ÷ echo | fresh: policy ÷ echo | typed ÷ echo |")?;
        writeln!(out, "|---|--:|--:|--:|--:|--:|")?;
        for row in self.rows.iter().filter(|row| row.is_shown_first()) {
            write!(out, "| {} ({} kB) |", row.pod.name, row.pod.kilobytes())?;
            write!(out, " {:.0} |", fastest(row, Guest::Policy, |figures| &figures.reused))?;
            for figure in [(|figures| &figures.reused) as Figure, |figures| &figures.fresh] {
                for guest in [Guest::Policy, Guest::Typed] {
                    write!(out, " {:.2} |", ratio(row, guest, Guest::Echo, figure))?;
                }
            }
            writeln!(out)?;
        }
        let Sizes { policy, typed } = self.sizes;
        let (fewest, most, processor) = (ROUNDS.start(), ROUNDS.end(), processor());
        writeln!(out, "\nThe module has **{policy}** bytes; typed has {typed}.")?;
        writeln!(out, "{fewest} to {most} samples each, on {processor}.\n")
    }

    /// How long instances take to start, as the first row has it.
    fn start(&self, out: &mut String) -> fmt::Result {
        let Some(row) = self.rows.first() else { return Ok(()) };
        let [policy, echo, typed] =
            [Guest::Policy, Guest::Echo, Guest::Typed].map(|guest| fastest(row, guest, |figures| &figures.start));
        writeln!(out, "Starting one takes {policy:.0} µs, one of echo {echo:.0} µs, one of typed {typed:.0} µs.\n")
    }

    fn clusters(&self, out: &mut String) -> fmt::Result {
        let Some(one) = self.clusters.first() else { return Ok(()) };
        writeln!(
            out,
            "| entries | settings, kB | policy alone | ignored alone | policy beyond one entry | ignored beyond one \
             entry | policy ÷ ignored, beyond one entry | evaluation | echo | policy ÷ echo |"
        )?;
        writeln!(out, "|--:|{}", "--:|".repeat(9))?;
        for case in self.clusters {
            let Clusters { entries, bytes, policy, ignored, evaluation, echo } = case;
            let kilobytes = *bytes as f64 / 1000.0;
            let (alone, read) = (policy.fastest(), ignored.fastest());
            write!(out, "| {entries} | {kilobytes:.1} | {alone:.1} | {read:.1} |")?;
            if *entries == one.entries {
                write!(out, " | | |")?;
            } else {
                let (more, read) = (policy.more_than(&one.policy), ignored.more_than(&one.ignored));
                let ratio = policy.ratio_of_differences(&one.policy, ignored, &one.ignored);
                write!(out, " {more:.1} | {read:.1} | {ratio:.2} |")?;
            }
            let (whole, constant, ratio) = (evaluation.fastest(), echo.fastest(), evaluation.ratio_to(echo));
            writeln!(out, " {whole:.1} | {constant:.1} | {ratio:.2} |")?;
        }
        writeln!(out)
    }

    fn lookup(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "| | without | with | more |\n|---|--:|--:|--:|")?;
        for (name, [without, with]) in
            [("guest alone", &self.lookup.guest), ("whole evaluation, reused instance", &self.lookup.evaluation)]
        {
            let (less, more, difference) = (without.fastest(), with.fastest(), with.more_than(without));
            writeln!(out, "| {name} | {less:.1} | {more:.1} | {difference:.1} |")?;
        }
        writeln!(out)
    }

    fn memory(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "| pod | memory, kB | beyond 1 MB, ÷ request |\n|---|--:|--:|")?;
        for row in self.rows.iter().filter(|row| row.pod.mode == "home") {
            let beyond = row.memory.saturating_sub(1 << 20) as f64 / row.pod.bytes() as f64;
            let kilobytes = row.memory / 1000;
            writeln!(out, "| {} ({} kB) | {kilobytes} | {beyond:.1} |", row.pod.name, row.pod.kilobytes())?;
        }
        writeln!(out)
    }

    fn patches(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "| request | operations | bytes | appended: operations | bytes |\n|---|--:|--:|--:|--:|")?;
        for Patch { name, policy, appended } in self.patches {
            patch(out, name, *policy, *appended)?;
        }
        patch(
            out,
            "**all**",
            self.patches.iter().map(|patch| patch.policy).sum(),
            self.patches.iter().map(|patch| patch.appended).sum(),
        )
    }
}

fn table(out: &mut String, rows: &[Row], guests: &[Guest], ratios: &[(Guest, Guest)], figure: Figure) -> fmt::Result {
    let names = guests.iter().map(|guest| guest.name().to_owned());
    let quotients = ratios.iter().map(|(one, other)| format!("{} ÷ {}", one.name(), other.name()));
    let heads: Vec<_> = names.chain(quotients).collect();
    writeln!(out, "| pod | mode | {} |", heads.join(" | "))?;
    writeln!(out, "|---|---|{}", "--:|".repeat(heads.len()))?;
    for row in rows {
        write!(out, "| {} ({} kB) | {} |", row.pod.name, row.pod.kilobytes(), row.pod.mode)?;
        for guest in guests {
            write!(out, " {:.1} |", fastest(row, *guest, figure))?;
        }
        for (one, other) in ratios {
            let of_fastest = fastest(row, *one, figure) / fastest(row, *other, figure);
            write!(out, " {:.2} ({of_fastest:.2}) |", ratio(row, *one, *other, figure))?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

fn patch(out: &mut String, name: &str, policy: Size, appended: Size) -> fmt::Result {
    writeln!(
        out,
        "| {name} | {} | {} | {} | {} |",
        policy.operations, policy.bytes, appended.operations, appended.bytes
    )
}

/// What Linux says of the processor.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| "an unknown processor".to_owned(), |(_, model)| model.trim().to_owned())
}
