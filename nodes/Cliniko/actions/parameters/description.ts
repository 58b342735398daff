import { ClinikoError } from '../../errors';
import { textOf } from './text';

/** Cliniko's limit, in characters (OpenAPI, `UploadedPatientAttachment.description`). */
const LONGEST = 255;

/**
 * The description of an attachment, checked before anything is sent.
 *
 * @throws ClinikoError if it is not text, or longer than Cliniko accepts
 */
export function descriptionOf(value: unknown): string {
	const description = textOf(value, 'Description');
	const length = [...description].length;
	if (length <= LONGEST) return description;
	throw new ClinikoError(
		`The description has ${length} characters, and Cliniko accepts at most ${LONGEST}.`,
		'Shorten Description. With an expression, .slice(0, 255) at its end cuts it.',
	);
}
