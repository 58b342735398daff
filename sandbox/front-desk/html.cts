/** A piece of HTML in which everything is escaped that has to be. */
export class Html {
	constructor(readonly text: string) {}
}

/** What can be put into a piece of HTML: text is escaped, and null is nothing. */
export type Insert = Html | string | number | null | Insert[];

/** Tag of a template that makes a piece of HTML. */
export function html(parts: TemplateStringsArray, ...inserts: Insert[]): Html {
	return new Html(String.raw({ raw: parts }, ...inserts.map(textOf)));
}

function textOf(insert: Insert): string {
	if (insert === null) return '';
	if (insert instanceof Html) return insert.text;
	if (Array.isArray(insert)) return insert.map(textOf).join('');
	return String(insert).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
