// A program that uses the package by its name: parses, plans, runs and judges FILE, with its journal at JOURNAL.
import { readFile } from "node:fs/promises";
import { judge, parse, plan, run } from "chaos-judge";

const [file, journalPath] = process.argv.slice(2);
const { documents } = parse(await readFile(file, "utf8"), { file, env: process.env, vars: { during: "1s", steady: "0%" } });
const { report } = await run(plan(documents[0].experiment, { file, document: 0 }), { journalPath });
const again = await judge(journalPath);
console.log(JSON.stringify({ title: report.title, ended: report.phases.at(-1)?.name, same: JSON.stringify(report) === JSON.stringify(again) }));
