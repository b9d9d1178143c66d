/**
 * Where the states and ways of each machine stand in its chart. Written by `npm run layouts`, not by hand; `chart.ts` reads it.
 */
export const LAYOUTS: Readonly<Record<string, string>> = {
  "job labelled": `
    size 1700 556
    state new 12 399 96 36
    state scheduled 252 457 117 70
    state queued 473 424 96 84
    state granted 714 281 102 36
    state running 980 241 102 36
    state cancelling 1275 261 124 56
    state retrying 1279 413 109 56
    state completed 1571 242 117 36
    state skipped 1571 175 102 36
    state failed 1571 70 96 36
    state cancelled 1571 385 117 36
    state rejected 1571 12 109 36
    way new>scheduled 108 426 120 426 120 492 252 492
    label new>scheduled 136 495 88 28
    way new>queued 108 417 457 417 457 452 473 452
    label new>queued 267 420 88 14
    way new>rejected 108 408 120 408 120 30 1571 30
    label new>rejected 724 13 82 14
    way scheduled>queued 369 480 473 480
    label scheduled>queued 397 483 48 14
    way scheduled>cancelled 369 504 381 504 381 526 1559 526 1559 416 1571 416
    label scheduled>cancelled 857 529 88 14
    way queued>granted 569 445 581 445 581 299 714 299
    label queued>granted 597 302 88 14
    way queued>cancelled 569 487 581 487 581 496 1550 496 1550 411 1571 411
    label queued>cancelled 984 499 88 14
    way granted>running 815 295 845 295 845 259 980 259
    label granted>running 864 262 75 14
    way granted>completed 815 304 845 304 845 329 1429 329 1429 290 1541 290 1541 269 1571 269
    label granted>completed 1134 332 88 14
    way granted>skipped 815 290 836 290 836 180 1541 180 1541 184 1571 184
    label granted>skipped 1141 183 75 14
    way granted>cancelled 815 308 836 308 836 372 1254 372 1254 400 1571 400
    label granted>cancelled 1134 375 88 14
    way granted>retrying 815 313 827 313 827 411 1094 411 1094 472 1245 472 1245 441 1279 441
    label granted>retrying 974 414 109 56
    way granted>failed 815 286 827 286 827 43 1541 43 1541 82 1571 82
    label granted>failed 1134 46 88 70
    way granted>cancelling 815 299 1103 299 1103 298 1275 298
    label granted>cancelling 974 302 109 14
    way running>completed 1081 256 1112 256 1112 221 1420 221 1420 236 1541 236 1541 251 1571 251
    label running>completed 1293 224 88 14
    way running>skipped 1081 251 1103 251 1103 210 1245 210 1245 193 1571 193
    label running>skipped 1299 196 75 14
    way running>cancelled 1081 267 1112 267 1112 359 1263 359 1263 370 1411 370 1411 389 1541 389 1541 395 1571 395
    label running>cancelled 1293 373 88 14
    way running>retrying 1081 272 1094 272 1094 400 1245 400 1245 427 1279 427
    label running>retrying 1124 403 109 56
    way running>failed 1081 246 1094 246 1094 129 1245 129 1245 94 1571 94
    label running>failed 1293 97 88 70
    way running>cancelling 1081 262 1245 262 1245 280 1275 280
    label running>cancelling 1124 265 109 14
    way cancelling>completed 1399 289 1420 289 1420 260 1571 260
    label cancelling>completed 1441 263 88 14
    way cancelling>skipped 1399 275 1411 275 1411 206 1541 206 1541 202 1571 202
    label cancelling>skipped 1448 209 75 14
    way cancelling>cancelled 1399 303 1550 303 1550 390 1571 390
    label cancelling>cancelled 1441 306 88 70
    way retrying>queued 1279 455 1254 455 1254 483 958 483 958 466 569 466
    label retrying>queued 878 469 48 14
    way retrying>cancelled 1388 441 1541 441 1541 406 1571 406
    label retrying>cancelled 1441 444 88 14`,
  "job plain": `
    size 1005 340
    state new 12 60 96 36
    state scheduled 136 43 117 70
    state queued 281 70 96 84
    state granted 405 163 102 36
    state running 557 190 102 36
    state cancelling 701 201 124 56
    state retrying 705 98 109 56
    state completed 876 234 117 36
    state skipped 876 170 102 36
    state failed 876 292 96 36
    state cancelled 876 70 117 36
    state rejected 876 12 109 36
    way new>scheduled 108 78 136 78
    way new>queued 108 87 120 87 120 126 281 126
    way new>rejected 108 69 120 69 120 30 876 30
    way scheduled>queued 253 90 265 90 265 98 281 98
    way scheduled>cancelled 253 66 265 66 265 57 846 57 846 75 876 75
    way queued>granted 377 133 389 133 389 181 405 181
    way queued>cancelled 377 91 389 91 389 74 837 74 837 80 876 80
    way granted>running 506 181 545 181 545 208 557 208
    way granted>completed 506 190 527 190 527 280 846 280 846 261 876 261
    way granted>skipped 506 177 864 177 864 179 876 179
    way granted>cancelled 506 168 518 168 518 85 876 85
    way granted>retrying 506 172 527 172 527 126 705 126
    way granted>failed 506 195 518 195 518 316 876 316
    way granted>cancelling 506 186 536 186 536 238 701 238
    way running>completed 659 216 680 216 680 269 837 269 837 252 876 252
    way running>skipped 659 205 689 205 689 188 876 188
    way running>cancelled 659 200 680 200 680 166 846 166 846 96 876 96
    way running>retrying 659 195 671 195 671 140 705 140
    way running>failed 659 221 671 221 671 304 876 304
    way running>cancelling 659 211 689 211 689 220 701 220
    way cancelling>completed 825 243 876 243
    way cancelling>skipped 825 229 864 229 864 197 876 197
    way cancelling>cancelled 825 215 855 215 855 101 876 101
    way retrying>queued 705 112 377 112
    way retrying>cancelled 814 126 837 126 837 91 876 91`,
  "dispatcher labelled": `
    size 2562 478
    state connecting 12 293 124 56
    state catchingUp 260 303 124 36
    state standby 514 361 102 36
    state leading 777 84 723 244
    state leading.waiting 1350 270 102 36
    state leading.deciding 1028 264 109 36
    state leading.committing 1339 194 124 36
    state leading.settling 801 230 109 36
    state draining 1634 55 673 261
    state draining.waiting 2172 253 102 36
    state draining.deciding 1865 242 109 36
    state draining.committing 2166 158 124 36
    state draining.settling 1658 126 109 36
    state stopped 2427 67 123 56
    state halted 2427 360 123 56
    way connecting>catchingUp 136 321 260 321
    label connecting>catchingUp 164 324 68 14
    way connecting>stopped 136 307 148 307 148 12 2415 12 2415 76 2427 76
    label connecting>stopped 679 15 35 14
    way connecting>halted 136 335 148 335 148 448 2415 448 2415 407 2427 407
    label connecting>halted 669 451 55 14
    way catchingUp>standby 384 327 405 327 405 379 514 379
    label catchingUp>standby 417 382 68 14
    way catchingUp>stopped 384 309 396 309 396 42 2406 42 2406 86 2427 86
    label catchingUp>stopped 1120 45 35 14
    way catchingUp>halted 384 333 396 333 396 418 2406 418 2406 397 2427 397
    label catchingUp>halted 1110 421 55 14
    way standby>leading.deciding 615 370 627 370 627 288 1028 288
    label standby>leading.deciding 648 291 95 14
    way standby>stopped 615 379 636 379 636 350 1534 350 1534 328 2415 328 2415 114 2427 114
    label standby>stopped 1556 331 35 14
    way standby>halted 615 388 2427 388
    label standby>halted 1546 391 55 14
    way leading>halted 1499 284 1525 284 1525 358 2323 358 2323 371 2406 371 2406 379 2427 379
    label leading>halted 1943 361 55 14
    way leading.waiting>leading.deciding 1350 282 1319 282 1319 283 1177 283 1177 288 1137 288
    label leading.waiting>leading.deciding 1227 266 42 14
    way leading.waiting>catchingUp 1452 294 1516 294 1516 340 756 340 756 339 636 339 636 321 384 321
    label leading.waiting>catchingUp 537 324 55 14
    way leading.waiting>draining.waiting 1452 282 1473 282 1473 274 1534 274 1534 299 2146 299 2146 280 2172 280
    label leading.waiting>draining.waiting 1556 302 35 14
    way leading.deciding>leading.committing 1137 270 1147 270 1147 216 1339 216
    label leading.deciding>leading.committing 1217 199 62 14
    way leading.deciding>leading.waiting 1137 294 1350 294
    label leading.deciding>leading.waiting 1187 297 122 14
    way leading.deciding>draining.deciding 1137 282 1167 282 1167 255 1613 255 1613 266 1629 266 1865 266
    label leading.deciding>draining.deciding 1556 258 35 14
    way leading.committing>leading.deciding 1339 223 1319 223 1319 227 1157 227 1157 276 1137 276
    label leading.committing>leading.deciding 1224 230 48 14
    way leading.committing>leading.settling 1339 202 1329 202 1329 177 940 177 940 248 910 248
    label leading.committing>leading.settling 1055 146 55 28
    way leading.committing>draining.committing 1463 212 1504 212 1516 212 1516 176 2166 176
    label leading.committing>draining.committing 1556 179 35 14
    way leading.settling>leading.deciding 910 260 1018 260 1018 276 1028 276
    label leading.settling>leading.deciding 960 263 48 14
    way leading.settling>leading.committing 910 254 950 254 950 188 1319 188 1319 209 1339 209
    label leading.settling>leading.committing 1058 191 48 14
    way leading.settling>catchingUp 910 236 920 236 920 124 1516 124 1516 72 405 72 405 315 384 315
    label leading.settling>catchingUp 537 55 55 14
    way leading.settling>draining.settling 910 242 930 242 930 135 1613 135 1613 144 1629 144 1658 144
    label leading.settling>draining.settling 1556 138 35 14
    way draining>halted 2306 291 2323 291 2323 341 2415 341 2415 369 2427 369
    label draining>halted 2339 344 55 14
    way draining.waiting>draining.deciding 2172 262 2146 262 2146 260 2005 260 2005 264 1975 264
    label draining.waiting>draining.deciding 2055 243 42 14
    way draining.waiting>stopped 2274 271 2406 271 2406 104 2427 104
    label draining.waiting>stopped 2339 274 55 28
    way draining.deciding>draining.committing 1975 249 1985 249 1985 204 2146 204 2146 182 2166 182
    label draining.deciding>draining.committing 2045 187 62 14
    way draining.deciding>draining.waiting 1975 271 2172 271
    label draining.deciding>draining.waiting 2015 274 122 14
    way draining.committing>draining.deciding 2166 188 2156 188 2156 215 1995 215 1995 257 1975 257
    label draining.committing>draining.deciding 2051 218 48 14
    way draining.committing>draining.settling 2166 164 2156 164 2156 137 1787 137 1787 141 1767 141
    label draining.committing>draining.settling 1892 106 55 28
    way draining.settling>draining.deciding 1767 155 1777 155 1777 238 1855 238 1855 254 1865 254
    label draining.settling>draining.deciding 1797 241 48 14
    way draining.settling>draining.committing 1767 148 2146 148 2146 170 2166 170
    label draining.settling>draining.committing 1896 151 48 14
    way draining.settling>stopped 1767 134 1777 134 1777 95 2427 95
    label draining.settling>stopped 2339 78 55 14`,
  "dispatcher plain": `
    size 1623 311
    state connecting 12 237 124 56
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
    state stopped 1489 185 123 56
    state halted 1489 12 123 56
    way connecting>catchingUp 136 265 164 265
    way connecting>stopped 136 279 148 279 148 298 1468 298 1468 232 1489 232
    way connecting>halted 136 251 148 251 148 18 1459 18 1459 21 1489 21
    way catchingUp>standby 288 259 309 259 309 60 321 60
    way catchingUp>stopped 288 277 300 277 300 287 1459 287 1459 222 1489 222
    way catchingUp>halted 288 253 300 253 300 29 1459 29 1459 31 1489 31
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
    way draining>halted 1442 115 1477 115 1477 59 1489 59
    way draining.waiting>draining.deciding 1307 204 1262 204 1262 206 1252 206
    way draining.waiting>stopped 1409 213 1447 213 1489 213
    way draining.deciding>draining.committing 1252 192 1282 192 1282 160 1302 160
    way draining.deciding>draining.waiting 1252 213 1307 213
    way draining.committing>draining.deciding 1302 166 1292 166 1292 199 1252 199
    way draining.committing>draining.settling 1302 142 1112 142
    way draining.settling>draining.deciding 1112 156 1122 156 1122 197 1142 197
    way draining.settling>draining.committing 1112 149 1132 149 1132 153 1262 153 1262 148 1302 148
    way draining.settling>stopped 1112 135 1122 135 1122 125 1459 125 1459 204 1489 204`,
  "worker labelled": `
    size 1203 194
    state idle 12 17 96 36
    state starting 206 64 109 36
    state running 417 55 102 36
    state stopping 622 106 109 36
    state reporting 842 55 117 36
    state abandoned 1074 59 117 36
    way idle>starting 108 41 120 41 120 82 206 82
    label idle>starting 136 85 42 14
    way starting>running 315 73 417 73
    label starting>running 348 76 42 14
    way starting>stopping 315 82 336 82 336 130 622 130
    label starting>stopping 447 113 42 14
    way starting>abandoned 315 91 327 91 327 164 1062 164 1062 88 1074 88
    label starting>abandoned 649 167 55 14
    way running>reporting 519 73 540 73 540 66 743 66 743 72 826 72 826 73 842 73
    label running>reporting 649 69 55 14
    way running>stopping 519 82 606 82 606 118 622 118
    label running>stopping 552 85 42 14
    way running>abandoned 519 64 531 64 531 42 1053 42 1053 66 1074 66
    label running>abandoned 759 45 55 14
    way stopping>reporting 731 118 743 118 743 85 826 85 826 82 842 82
    label stopping>reporting 759 88 55 14
    way stopping>abandoned 731 130 1053 130 1053 81 1074 81
    label stopping>abandoned 872 113 55 14
    way reporting>idle 842 64 826 64 826 29 108 29
    label reporting>idle 437 12 62 14
    way reporting>abandoned 958 73 1074 73
    label reporting>abandoned 986 76 55 14`,
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
