/**
 * Where the states and ways of each machine stand in its chart. Written by `npm run layouts`, not by hand; `chart.ts` reads it.
 */
export const LAYOUTS: Readonly<Record<string, string>> = {
  "job labelled": `
    size 1643 540
    state new 12 386 96 36
    state scheduled 245 443 117 68
    state queued 462 412 96 81
    state granted 696 274 102 36
    state running 949 234 102 36
    state cancelling 1225 254 124 55
    state retrying 1229 400 109 55
    state completed 1514 235 117 36
    state skipped 1514 170 102 36
    state failed 1514 70 96 36
    state cancelled 1514 372 117 36
    state rejected 1514 12 109 36
    way new>scheduled 108 413 120 413 120 477 245 477
    label new>scheduled 136 480 81 26
    way new>queued 108 404 446 404 446 439 462 439
    label new>queued 263 407 81 13
    way new>rejected 108 395 120 395 120 30 1514 30
    label new>rejected 709 14 75 13
    way scheduled>queued 362 466 462 466
    label scheduled>queued 390 469 45 13
    way scheduled>cancelled 362 488 374 488 374 511 1502 511 1502 403 1514 403
    label scheduled>cancelled 839 514 81 13
    way queued>granted 558 432 570 432 570 292 696 292
    label queued>granted 586 295 81 13
    way queued>cancelled 558 473 570 473 570 482 1493 482 1493 398 1514 398
    label queued>cancelled 959 485 81 13
    way granted>running 797 288 827 288 827 252 949 252
    label granted>running 845 255 69 13
    way granted>completed 797 297 827 297 827 321 1379 321 1379 282 1484 282 1484 262 1514 262
    label granted>completed 1102 324 81 13
    way granted>skipped 797 283 818 283 818 175 1484 175 1484 179 1514 179
    label granted>skipped 1108 178 69 13
    way granted>cancelled 797 301 818 301 818 363 1213 363 1213 387 1514 387
    label granted>cancelled 1102 366 81 13
    way granted>retrying 797 306 809 306 809 401 1062 401 1062 458 1204 458 1204 428 1229 428
    label granted>retrying 950 404 100 52
    way granted>failed 797 279 809 279 809 43 1484 43 1484 82 1514 82
    label granted>failed 1102 46 81 65
    way granted>cancelling 797 292 1071 292 1071 291 1225 291
    label granted>cancelling 950 295 100 13
    way running>completed 1050 249 1080 249 1080 215 1370 215 1370 230 1484 230 1484 244 1514 244
    label running>completed 1246 218 81 13
    way running>skipped 1050 244 1071 244 1071 204 1204 204 1204 188 1514 188
    label running>skipped 1252 191 69 13
    way running>cancelled 1050 260 1080 260 1080 350 1204 350 1204 358 1361 358 1361 376 1484 376 1484 382 1514 382
    label running>cancelled 1246 361 81 13
    way running>retrying 1050 265 1062 265 1062 390 1204 390 1204 414 1229 414
    label running>retrying 1092 393 100 52
    way running>failed 1050 239 1062 239 1062 124 1204 124 1204 94 1514 94
    label running>failed 1246 97 81 65
    way running>cancelling 1050 255 1204 255 1204 272 1225 272
    label running>cancelling 1092 258 100 13
    way cancelling>completed 1349 282 1370 282 1370 253 1514 253
    label cancelling>completed 1391 256 81 13
    way cancelling>skipped 1349 268 1361 268 1361 201 1484 201 1484 197 1514 197
    label cancelling>skipped 1397 204 69 13
    way cancelling>cancelled 1349 295 1493 295 1493 377 1514 377
    label cancelling>cancelled 1391 298 81 65
    way retrying>queued 1229 441 1213 441 1213 469 933 469 933 453 558 453
    label retrying>queued 858 456 45 13
    way retrying>cancelled 1338 428 1484 428 1484 393 1514 393
    label retrying>cancelled 1391 431 81 13`,
  "job plain": `
    size 996 338
    state new 12 59 96 36
    state scheduled 136 43 117 68
    state queued 281 71 96 81
    state granted 405 189 102 36
    state running 548 189 102 36
    state cancelling 692 200 124 55
    state retrying 696 98 109 55
    state completed 867 232 117 36
    state skipped 867 169 102 36
    state failed 867 290 96 36
    state cancelled 867 70 117 36
    state rejected 867 12 109 36
    way new>scheduled 108 77 136 77
    way new>queued 108 86 120 86 120 125 281 125
    way new>rejected 108 68 120 68 120 30 867 30
    way scheduled>queued 253 88 265 88 265 98 281 98
    way scheduled>cancelled 253 66 265 66 265 58 837 58 837 75 867 75
    way queued>granted 377 132 389 132 389 207 405 207
    way queued>cancelled 377 91 389 91 389 74 828 74 828 80 867 80
    way granted>running 506 207 548 207
    way granted>completed 506 216 527 216 527 278 837 278 837 259 867 259
    way granted>skipped 506 203 536 203 536 176 855 176 855 178 867 178
    way granted>cancelled 506 194 518 194 518 85 867 85
    way granted>retrying 506 198 527 198 527 126 696 126
    way granted>failed 506 221 518 221 518 314 867 314
    way granted>cancelling 506 212 536 212 536 237 692 237
    way running>completed 650 215 671 215 671 267 828 267 828 250 867 250
    way running>skipped 650 204 680 204 680 187 867 187
    way running>cancelled 650 199 671 199 671 165 837 165 837 96 867 96
    way running>retrying 650 194 662 194 662 139 696 139
    way running>failed 650 220 662 220 662 302 867 302
    way running>cancelling 650 210 680 210 680 218 692 218
    way cancelling>completed 816 241 867 241
    way cancelling>skipped 816 228 855 228 855 196 867 196
    way cancelling>cancelled 816 214 846 214 846 101 867 101
    way retrying>queued 696 112 377 112
    way retrying>cancelled 805 126 828 126 828 91 867 91`,
  "dispatcher labelled": `
    size 2498 465
    state connecting 12 284 124 55
    state catchingUp 255 294 124 36
    state standby 503 351 102 36
    state leading 758 82 709 238
    state leading.waiting 1318 263 102 36
    state leading.deciding 1006 257 109 36
    state leading.committing 1307 189 124 36
    state leading.settling 782 224 109 36
    state draining 1597 54 659 254
    state draining.waiting 2122 246 102 36
    state draining.deciding 1825 235 109 36
    state draining.committing 2116 154 124 36
    state draining.settling 1621 123 109 36
    state stopped 2373 66 114 55
    state halted 2373 350 114 55
    way connecting>catchingUp 136 312 255 312
    label connecting>catchingUp 164 315 63 13
    way connecting>stopped 136 298 148 298 148 12 2361 12 2361 75 2373 75
    label connecting>stopped 665 15 32 13
    way connecting>halted 136 325 148 325 148 436 2361 436 2361 396 2373 396
    label connecting>halted 656 439 51 13
    way catchingUp>standby 379 318 400 318 400 369 503 369
    label catchingUp>standby 412 372 63 13
    way catchingUp>stopped 379 300 391 300 391 41 2352 41 2352 84 2373 84
    label catchingUp>stopped 1096 44 32 13
    way catchingUp>halted 379 324 391 324 391 407 2352 407 2352 387 2373 387
    label catchingUp>halted 1087 410 51 13
    way standby>leading.deciding 605 360 617 360 617 281 1006 281
    label standby>leading.deciding 638 284 87 13
    way standby>stopped 605 369 626 369 626 342 1502 342 1502 320 2361 320 2361 112 2373 112
    label standby>stopped 1523 323 32 13
    way standby>halted 605 378 2373 378
    label standby>halted 1514 381 51 13
    way leading>halted 1467 277 1493 277 1493 349 2273 349 2273 362 2352 362 2352 368 2373 368
    label leading>halted 1901 352 51 13
    way leading.waiting>leading.deciding 1318 275 1287 275 1287 276 1155 276 1155 281 1115 281
    label leading.waiting>leading.deciding 1202 260 39 13
    way leading.waiting>catchingUp 1420 287 1484 287 1484 332 737 332 737 331 626 331 626 312 379 312
    label leading.waiting>catchingUp 528 315 51 13
    way leading.waiting>draining.waiting 1420 275 1441 275 1441 267 1502 267 1502 291 2096 291 2096 273 2122 273
    label leading.waiting>draining.waiting 1523 294 32 13
    way leading.deciding>leading.committing 1115 263 1125 263 1125 211 1307 211
    label leading.deciding>leading.committing 1192 195 57 13
    way leading.deciding>leading.waiting 1115 287 1318 287
    label leading.deciding>leading.waiting 1165 290 112 13
    way leading.deciding>draining.deciding 1115 275 1145 275 1145 249 1576 249 1576 259 1592 259 1825 259
    label leading.deciding>draining.deciding 1523 252 32 13
    way leading.committing>leading.deciding 1307 218 1287 218 1287 222 1135 222 1135 269 1115 269
    label leading.committing>leading.deciding 1198 225 45 13
    way leading.committing>leading.settling 1307 197 1297 197 1297 173 921 173 921 242 891 242
    label leading.committing>leading.settling 1035 144 51 26
    way leading.committing>draining.committing 1431 207 1472 207 1484 207 1484 172 2116 172
    label leading.committing>draining.committing 1523 175 32 13
    way leading.settling>leading.deciding 891 254 996 254 996 269 1006 269
    label leading.settling>leading.deciding 941 257 45 13
    way leading.settling>leading.committing 891 248 931 248 931 184 1287 184 1287 204 1307 204
    label leading.settling>leading.committing 1038 187 45 13
    way leading.settling>catchingUp 891 230 901 230 901 122 1484 122 1484 70 400 70 400 306 379 306
    label leading.settling>catchingUp 528 54 51 13
    way leading.settling>draining.settling 891 236 911 236 911 133 1576 133 1576 141 1592 141 1621 141
    label leading.settling>draining.settling 1523 136 32 13
    way draining>halted 2256 284 2273 284 2273 333 2361 333 2361 359 2373 359
    label draining>halted 2289 336 51 13
    way draining.waiting>draining.deciding 2122 255 2096 255 2096 253 1964 253 1964 257 1934 257
    label draining.waiting>draining.deciding 2011 237 39 13
    way draining.waiting>stopped 2223 264 2352 264 2352 103 2373 103
    label draining.waiting>stopped 2289 267 51 26
    way draining.deciding>draining.committing 1934 242 1944 242 1944 199 2096 199 2096 178 2116 178
    label draining.deciding>draining.committing 2002 183 57 13
    way draining.deciding>draining.waiting 1934 264 2122 264
    label draining.deciding>draining.waiting 1974 267 112 13
    way draining.committing>draining.deciding 2116 184 2106 184 2106 210 1954 210 1954 250 1934 250
    label draining.committing>draining.deciding 2008 213 45 13
    way draining.committing>draining.settling 2116 160 2106 160 2106 134 1751 134 1751 138 1731 138
    label draining.committing>draining.settling 1854 105 51 26
    way draining.settling>draining.deciding 1731 152 1741 152 1741 232 1815 232 1815 247 1825 247
    label draining.settling>draining.deciding 1761 235 45 13
    way draining.settling>draining.committing 1731 145 2096 145 2096 166 2116 166
    label draining.settling>draining.committing 1857 148 45 13
    way draining.settling>stopped 1731 131 1741 131 1741 94 2373 94
    label draining.settling>stopped 2289 78 51 13`,
  "dispatcher plain": `
    size 1614 311
    state connecting 12 237 124 55
    state catchingUp 164 247 124 36
    state standby 321 42 102 36
    state leading 456 73 462 181
    state leading.waiting 789 191 102 36
    state leading.deciding 639 162 109 36
    state leading.committing 778 134 124 36
    state leading.settling 480 117 109 36
    state draining 979 75 462 173
    state draining.waiting 1307 195 102 36
    state draining.deciding 1142 185 109 36
    state draining.committing 1302 136 124 36
    state draining.settling 1003 128 109 36
    state stopped 1489 185 114 55
    state halted 1489 12 114 55
    way connecting>catchingUp 136 265 164 265
    way connecting>stopped 136 278 148 278 148 298 1468 298 1468 231 1489 231
    way connecting>halted 136 251 148 251 148 18 1459 18 1459 21 1489 21
    way catchingUp>standby 288 259 309 259 309 60 321 60
    way catchingUp>stopped 288 277 300 277 300 287 1459 287 1459 222 1489 222
    way catchingUp>halted 288 253 300 253 300 29 1459 29 1459 30 1489 30
    way standby>leading.deciding 423 69 435 69 435 186 639 186
    way standby>stopped 423 60 944 60 944 62 1468 62 1468 194 1489 194
    way standby>halted 423 51 435 51 435 40 1489 40
    way leading>halted 918 113 935 113 935 51 1459 51 1459 49 1489 49
    way leading.waiting>leading.deciding 789 203 768 203 768 186 748 186
    way leading.waiting>catchingUp 891 215 944 215 944 276 309 276 309 271 288 271
    way leading.waiting>draining.waiting 891 203 953 203 953 231 974 231 1262 231 1262 222 1307 222
    way leading.deciding>leading.committing 748 168 758 168 758 156 778 156
    way leading.deciding>leading.waiting 748 192 758 192 758 215 789 215
    way leading.deciding>draining.deciding 748 180 962 180 962 209 974 209 1142 209
    way leading.committing>leading.deciding 778 163 768 163 768 174 748 174
    way leading.committing>leading.settling 778 141 758 141 758 134 629 134 629 129 589 129
    way leading.committing>draining.committing 902 152 935 152 935 174 974 174 1272 174 1272 154 1302 154
    way leading.settling>leading.deciding 589 141 609 141 609 174 639 174
    way leading.settling>leading.committing 589 135 619 135 619 148 778 148
    way leading.settling>catchingUp 589 147 599 147 599 237 935 237 935 266 435 266 435 265 288 265
    way leading.settling>draining.settling 589 123 935 123 935 146 974 146 1003 146
    way draining>halted 1442 115 1477 115 1477 58 1489 58
    way draining.waiting>draining.deciding 1307 204 1262 204 1262 206 1252 206
    way draining.waiting>stopped 1409 213 1447 213 1489 213
    way draining.deciding>draining.committing 1252 192 1282 192 1282 160 1302 160
    way draining.deciding>draining.waiting 1252 213 1307 213
    way draining.committing>draining.deciding 1302 166 1292 166 1292 199 1252 199
    way draining.committing>draining.settling 1302 142 1112 142
    way draining.settling>draining.deciding 1112 156 1122 156 1122 197 1142 197
    way draining.settling>draining.committing 1112 149 1132 149 1132 153 1262 153 1262 148 1302 148
    way draining.settling>stopped 1112 135 1122 135 1122 125 1459 125 1459 203 1489 203`,
  "worker labelled": `
    size 1185 191
    state idle 12 16 96 36
    state starting 203 63 109 36
    state running 411 54 102 36
    state stopping 613 104 109 36
    state reporting 828 54 117 36
    state abandoned 1057 58 117 36
    way idle>starting 108 40 120 40 120 81 203 81
    label idle>starting 136 84 39 13
    way starting>running 312 72 411 72
    label starting>running 345 75 39 13
    way starting>stopping 312 81 333 81 333 128 613 128
    label starting>stopping 443 112 39 13
    way starting>abandoned 312 90 324 90 324 162 1045 162 1045 87 1057 87
    label starting>abandoned 642 165 51 13
    way running>reporting 513 72 534 72 534 65 734 65 734 70 812 70 812 72 828 72
    label running>reporting 642 68 51 13
    way running>stopping 513 81 597 81 597 116 613 116
    label running>stopping 546 84 39 13
    way running>abandoned 513 63 525 63 525 41 1036 41 1036 65 1057 65
    label running>abandoned 750 44 51 13
    way stopping>reporting 722 116 734 116 734 83 812 83 812 81 828 81
    label stopping>reporting 750 86 51 13
    way stopping>abandoned 722 128 1036 128 1036 80 1057 80
    label stopping>abandoned 861 112 51 13
    way reporting>idle 828 63 812 63 812 28 108 28
    label reporting>idle 434 12 57 13
    way reporting>abandoned 945 72 1057 72
    label reporting>abandoned 973 75 51 13`,
  "worker plain": `
    size 828 124
    state idle 12 12 96 36
    state starting 136 69 109 36
    state running 273 37 102 36
    state stopping 408 63 109 36
    state reporting 550 48 117 36
    state abandoned 700 74 117 36
    way idle>starting 108 36 120 36 120 87 136 87
    way starting>running 245 78 257 78 257 55 273 55
    way starting>stopping 245 87 408 87
    way starting>abandoned 245 96 257 96 257 111 679 111 679 103 700 103
    way running>reporting 375 55 396 55 396 50 529 50 529 66 550 66
    way running>stopping 375 64 387 64 387 75 408 75
    way running>abandoned 375 46 387 46 387 35 688 35 688 81 700 81
    way stopping>reporting 517 75 550 75
    way stopping>abandoned 517 87 529 87 529 96 700 96
    way reporting>idle 550 57 538 57 538 24 108 24
    way reporting>abandoned 667 66 679 66 679 88 700 88`,
};
