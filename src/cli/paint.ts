import { styleText } from "node:util";

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Colours a text, or leaves it as it is. */
export function paint(colour: boolean, style: Style, text: string): string {
  // The caller has asked the terminal; Node must not ask again, it would ask about stdout.
  return colour ? styleText(style, text, { validateStream: false }) : text;
}
