/** The longest name in bytes of UTF-8, as in most file systems. */
const LONGEST = 255;

/** The longest ending that is kept when a name is cut, in characters. */
const LONGEST_EXTENSION = 16;

/** What an address cannot carry, or what servers read in different ways. */
const AMBIGUOUS = /[#?%;+]/g;

/** What nobody sees, such as joiners, soft hyphens and marks of direction. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu;

/**
 * Makes a file's name fit to be the last part of an S3 key, and with that the name on a patient's
 * record. Cliniko is told the key as part of an address, and nobody outside knows whether it looks
 * for that as it stands, decodes it, or parses it first. So a name holds nothing that would give
 * another key in one of these ways; what people read stays: letters of all scripts, spaces, emoji,
 * `&`, `'`, brackets.
 *
 * Besides what `tidyFileName` does:
 *
 * - `#`, `?` and `;` become `-`: they would end the path of an address, or a part of it.
 * - `%` becomes `-`: what follows it would be decoded.
 * - `+` becomes `-`: some decode it as a space, as S3 itself writes a space in its `Location`.
 * - Invisible characters go. An emoji that they hold together falls into its parts.
 *
 * @param name as it was given; may be empty
 * @param fallback the name where nothing is left; is itself taken as it is
 */
export function safeFileName(name: string, fallback: string): string {
	// In the normal form the Greek question mark is a semicolon.
	const plain = name.normalize('NFC').replace(INVISIBLE, '').replace(AMBIGUOUS, '-');
	return tidyFileName(plain, fallback);
}

/**
 * Makes a name fit to be a file's name anywhere.
 *
 * - One normal form (NFC), so that the same name looks the same to a search.
 * - Line breaks become a space. Other control characters go, and so do marks that turn the reading
 *   direction, with which `exe.pdf` can be made to look like `fdp.exe`.
 * - `/` and `\` become `-`: S3 would cut off everything before the last one.
 * - `"` becomes `'`: a form can only carry it as `%22`, and that is what would show on the record.
 * - `${filename}` loses its braces: S3 would put the name into itself.
 * - At most 255 bytes, with the ending kept.
 *
 * @param name as it was given; may be empty
 * @param fallback the name where nothing is left
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
	// By code point, so that no character is cut in half.
	for (const character of name.slice(0, name.length - extension.length)) {
		bytes += Buffer.byteLength(character);
		if (bytes > room) break;
		stem += character;
	}
	return stem.trimEnd() + extension;
}
