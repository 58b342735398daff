/** The maximum length of a name in bytes of UTF-8, as in most file systems. */
const LONGEST = 255;

/** The maximum length of an extension that is kept when a name is cut, in characters. */
const LONGEST_EXTENSION = 16;

/** Characters that are not allowed in a URL, or that servers read in different ways. */
const AMBIGUOUS = /[#?%;+]/g;

/** Invisible characters, such as joiners, soft hyphens and direction marks. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;

/**
 * Makes a name safe as the last part of an S3 key, and so as the file's name on the patient's record.
 * Cliniko receives the key as part of a URL, and it is not documented whether it uses it unchanged,
 * decodes it or parses it. So anything is removed that could lead to a different key. Everything else
 * stays: letters of all scripts, spaces, emoji, `&`, `'`, brackets.
 *
 * In addition to what `tidyFileName` does:
 *
 * - `#`, `?` and `;` become `-`: they would end the path of a URL, or a part of it.
 * - `%` becomes `-`: what follows it would be decoded.
 * - `+` becomes `-`: some servers decode it as a space.
 * - Invisible characters are removed. A composed emoji becomes its parts.
 *
 * @param name may be empty
 * @param fallback the result if nothing is left; used unchanged
 */
export function safeFileName(name: string, fallback: string): string {
	// NFC first: it turns the Greek question mark into a semicolon.
	const plain = name.normalize('NFC').replace(INVISIBLE, '').replace(AMBIGUOUS, '-');
	return tidyFileName(plain, fallback);
}

/**
 * Makes a name safe as the name of a file.
 *
 * - It is normalised to NFC, so that a search finds it.
 * - Line breaks become a space. Other control characters are removed, and so are those that change the
 *   reading direction, which can make `exe.pdf` look like `fdp.exe`.
 * - `/` and `\` become `-`: S3 would cut off everything before the last one.
 * - `"` becomes `'`: in a form it is escaped as `%22`, which would show on the record.
 * - `${filename}` loses its braces: S3 would replace it.
 * - It is cut to 255 bytes; the extension is kept.
 *
 * @param name may be empty
 * @param fallback the result if nothing is left
 */
export function tidyFileName(name: string, fallback: string): string {
	const clean = name
		.replace(/[\p{Zl}\p{Zp}\t-\r]+/gu, ' ')
		.replace(/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF\uFFFD-\uFFFF\p{Cs}]/gu, '')
		.replace(/[/\\]/g, '-')
		.replace(/"/g, "'")
		.replace(/(?:\$\{)+(filename)\}*/gi, '$1')
		.normalize('NFC')
		.trim();
	return /^[.\- ]*$/.test(clean) ? fallback : shortened(clean);
}

function shortened(name: string): string {
	if (Buffer.byteLength(name) <= LONGEST) return name;
	const dot = name.lastIndexOf('.');
	const extension = dot > 0 && name.length - dot <= LONGEST_EXTENSION ? name.slice(dot) : '';
	const room = LONGEST - Buffer.byteLength(extension);
	let stem = '';
	let bytes = 0;
	// By code point, so that no character is split.
	for (const character of name.slice(0, name.length - extension.length)) {
		bytes += Buffer.byteLength(character);
		if (bytes > room) break;
		stem += character;
	}
	return stem.trimEnd() + extension;
}
