import type { IDataObject } from 'n8n-workflow';

import { UploadMemory } from '../../../../nodes/Cliniko/once/uploadMemory.ts';

describe('The memory of an execution', () => {
	it('is fast for thousands of files', () => {
		const places = Array.from({ length: 3000 }, (_, itemIndex) => ({
			patientId: '9007199254740993',
			source: `file ${itemIndex}`,
			itemIndex,
			position: 0,
		}));
		const context: IDataObject = {};
		const memory = new UploadMemory(context, 0);
		for (const identity of memory.identify(places)) memory.stored(identity, '77');

		const began = performance.now();
		new UploadMemory(context, 0).identify(places);

		expect(performance.now() - began).toBeLessThan(1000);
	});
});
