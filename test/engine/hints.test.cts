import type { IDataObject } from 'n8n-workflow';

import { file, pdf, PLAIN, useClinic, type UploadResult } from './clinic.cts';
import { putOnRecord } from './records.cts';

const clinic = useClinic({ sandbox: PLAIN });

/** What n8n shows above the output of the step that ran. */
const hintsOf = ({ run }: UploadResult) =>
	run.data.resultData.runData.Cliniko!.flatMap(({ hints = [] }) =>
		hints.map(({ message }) => message),
	);

const skip: IDataObject = { options: { ifNoFile: 'skip' } };

it('after an upload, a hint says how many items were ignored', async () => {
	const letter = { files: { data: file('letter.pdf', pdf('letter')) } };
	const other = { files: { scan: file('scan.pdf', pdf('scan')) } };
	const done = await clinic.run({ items: [letter, other, {}], parameters: skip });

	expect(done.output).toHaveLength(1);
	expect(hintsOf(done)).toEqual([
		'2 of 3 items had no file in Input Binary Field and were ignored, as If Item Has No File says.',
	]);
	expect(hintsOf(await clinic.run({ items: [letter], parameters: skip }))).toEqual([]);
});

it('after Get Many, a hint says once that the limit was reached', async () => {
	const getMany: IDataObject = { resource: 'patientAttachment', operation: 'getMany' };
	for (let at = 0; at < 50; at++) {
		await putOnRecord(clinic.sandbox, { name: `${at}.pdf`, content: pdf(String(at)) });
	}
	const items = [{}, {}];
	expect(hintsOf(await clinic.run({ items, parameters: getMany }))).toEqual([
		expect.stringMatching(/^These are the first 50, and there may be more\. Switch Return All on/),
	]);
	// Chosen, or the whole list.
	for (const parameters of [{ limit: 10 }, { returnAll: true }]) {
		expect(hintsOf(await clinic.run({ items, parameters: { ...getMany, ...parameters } }))).toEqual(
			[],
		);
	}
});
